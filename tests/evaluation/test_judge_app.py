"""`errata judges`, over HTTP and with a record: what people type, and what is left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.documents.comparison import NOTHING
from errata.documents.document import read_document, write_document
from errata.documents.evaluation import ContenderScores, Evaluation
from errata.documents.file_names import EVALUATION
from errata.documents.file_names import ITEMS as FILE_OF_ITEMS
from errata.documents.night import Night
from errata.documents.scored_items import ScoredItemRow, read_scored_items, write_scored_items
from errata.domain.chapter import Chapters
from errata.domain.prediction import Prediction
from errata.errors import BadInput, NotFound, Unavailable
from errata.loop.judging import judge_contenders
from errata.settings import FILE
from errata.workspace import Workspace
from evaluation.judges import night_items as night_items_module
from evaluation.judges.judged_item import JudgedItem
from evaluation.judges.night_items import night_items, reviewed_pairs
from registry.judged import missing_answers
from tests.made_up_judge import Script, item, partial_to_the_first, sensible, serving
from tests.made_up_params import write_params
from tests.made_up_record import correction

NIGHT = "2026-03-04"
ITEMS = [item(number) for number in range(46)]


@dataclass(frozen=True)
class Place:
    root: Path
    record: Record
    scripts: tuple[Script, ...]

    @property
    def folder(self) -> Path:
        return self.root / "nights" / NIGHT


@pytest.fixture(scope="module")
def scored(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one scored night."""
    root = tmp_path_factory.mktemp("scored")
    shutil.copyfile(empty, root / "errata.db")
    (root / FILE).write_text("")
    record = Workspace(root).record
    upto = write_record(record, ITEMS)
    write_night(root / "nights" / NIGHT, ITEMS, upto)
    record.close()
    return root


@pytest.fixture
def place(scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """That workspace with two judges, the second one of which leans to the first."""
    monkeypatch.setenv("ADA_KEY", "sk-secret")
    shutil.copytree(scored, tmp_path, dirs_exist_ok=True)
    with serving(sensible) as ada, serving(partial_to_the_first) as bo:
        judges = [
            {"name": "ada", "family": "one", "url": ada.url, "model": "m-1", "key_env": "ADA_KEY"},
            {"name": "bo", "family": "two", "url": bo.url, "model": "m-2"},
        ]
        write_params(tmp_path, judges={"panel": judges}, gate={"preset": "small"})
        made = Place(tmp_path, Workspace(tmp_path).record, (ada, bo))
        yield made
        made.record.close()


def write_record(record: Record, items: Sequence[JudgedItem]) -> int:
    """Every item's transcript, what the champion predicted, and what the reviewer left; the watermark after it."""
    with record.write() as store:
        for each in items:
            seq = store.transcripts.add(each.transcript, "train").seq
            predicted = store.predictions.add(Prediction(seq, "c" * 64, "inline@1", each.champion)).seq
            store.corrections.add(correction(seq, each.reviewed or (), prediction=predicted))
        return store.labels.newest()


def write_night(folder: Path, items: Sequence[JudgedItem], upto: int, part: str = "fresh") -> None:
    """As `evaluation.harness` does, but for the metrics that nobody here asks for."""
    record = Record(f"sqlite:///{folder.parents[1] / 'errata.db'}", folder.parents[1] / "blobs")
    rows = []
    for each in items:
        with record.read() as store:
            seq = store.transcripts.find(each.transcript.external_id)
        for name, chapters, f1 in (("day0", each.champion, 0.0), ("candidate", each.candidate, each.effect)):
            rows.append(row(each, seq, name, chapters, f1 or 0.0, part))
    folder.mkdir(parents=True)
    write_contenders(folder, "candidate")
    write_scored_items(folder / FILE_OF_ITEMS, rows)
    Night(NIGHT, 0, upto, "d" * 64, "d" * 64, 0, "", 0, "code").write(folder)
    record.close()


def write_contenders(folder: Path, *names: str) -> None:
    primary = replace(NOTHING, n=46)
    contenders = tuple(
        ContenderScores(
            name=name, model=name[:2] * 32, watermark=0, primary=primary, against_day0=primary, guardrails={}
        )
        for name in names
    )
    write_document(folder / EVALUATION, Evaluation(night=folder.name, fresh_items=46, means={}, contenders=contenders))


def with_challenger(folder: Path) -> None:
    """One that answers as the champion does."""
    rows = read_scored_items(folder / FILE_OF_ITEMS)
    rows += [replace(each, name="challenger") for each in rows if each.name == "day0"]
    write_scored_items(folder / FILE_OF_ITEMS, rows)
    write_contenders(folder, "candidate", "challenger")


def row(each: JudgedItem, seq: int, name: str, chapters: Chapters, f1: float, part: str) -> ScoredItemRow:
    return ScoredItemRow(
        night=NIGHT,
        part=part,
        name=name,
        model=name[:2] * 32,
        transcript=seq,
        external_id=each.transcript.external_id,
        channel=each.transcript.channel,
        correction=1,
        kind=each.kind,
        reviewer="ann",
        f1=f1,
        equal_split_f1=0.0,
        reference=json.dumps([chapter.as_json() for chapter in each.reviewed or ()]),
        prediction=json.dumps([chapter.as_json() for chapter in chapters]),
    )


def run(place: Place, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["judges", *arguments, "-w", str(place.root)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_a_night_is_judged_written_down_and_judged_again_for_nothing(place: Place) -> None:
    found = json.loads(run(place, "ask", "--night", NIGHT, "--json"))
    assert json.loads((place.folder / "asked-judges.json").read_text()) == found
    ada, bo = found["judges"]
    assert ada["say"] is True and bo["say"] is False
    assert "order matters" in [reason["code"] for reason in bo["why"]]
    assert not found["say"] and found["why"]["code"] == "one family" and found["complete"]
    assert ada["agreement"]["kappa"]["n"] == 46 and ada["differences"]["n"] == 46
    assert ada["served"] == ["m-1"]
    asked = [len(script.asked) for script in place.scripts]
    assert found["calls"] == sum(asked)
    again = json.loads(run(place, "ask", "--night", NIGHT, "--json"))
    assert again["calls"] == 0 and [len(script.asked) for script in place.scripts] == asked
    place.scripts[1].mind = sensible
    with_say = yaml.safe_load((place.root / "params.yaml").read_text())
    with_say["judges"]["panel"][1]["model"] = "m-3"
    (place.root / "params.yaml").write_text(yaml.safe_dump(with_say))
    told = " ".join(run(place, "ask", "--night", NIGHT).split())
    assert "2 of 2 judges, of 2 families, have a say." in told and "Candidate against champion on 46 items" in told
    assert "No talks that nobody has reviewed were judged. The preset small decides without judges." in told
    written = "".join(path.read_text() for path in place.root.rglob("*.json"))
    assert "sk-secret" not in written + told
    assert set(place.scripts[0].keys) == {"Bearer sk-secret"} and set(place.scripts[1].keys) == {""}


@pytest.mark.slow
def test_a_challenger_is_judged_beside_the_candidate(place: Place) -> None:
    """What the gate was told stays as it was; a contender that the night did not have is named as missing."""
    with_challenger(place.folder)
    place.scripts[1].mind = sensible
    for name in ("judges.json", "challenger-judges.json"):
        (place.folder / name).write_text("the gate's")
    told = run(place, "ask", "--night", NIGHT, "--contender", "challenger")
    assert "Challenger against champion on 46 items: +0.00 (0 won, 46 even, 0 lost)" in told
    assert {(place.folder / name).read_text() for name in ("judges.json", "challenger-judges.json")} == {"the gate's"}
    assert json.loads((place.folder / "asked-challenger-judges.json").read_text())["verdict"]["ties"] == 46
    done = CliRunner().invoke(
        app, ["judges", "ask", "--contender", "champion", "-w", str(place.root), "--night", NIGHT]
    )
    assert done.exit_code == 2 and "'champion' is not one of" in done.output


def test_one_budget_is_for_all_contenders_of_a_night(place: Place) -> None:
    with_challenger(place.folder)
    params = yaml.safe_load((place.root / "params.yaml").read_text())
    params["judges"]["budget"] = {"calls": 150}
    (place.root / "params.yaml").write_text(yaml.safe_dump(params))
    contenders = read_document(Evaluation, place.folder / EVALUATION, "mend the test").contenders
    judgings = judge_contenders(Workspace(place.root), Night.read(place.folder), contenders)
    assert sum(len(script.asked) for script in place.scripts) == 150
    found = [json.loads((place.folder / name).read_text()) for name in ("judges.json", "challenger-judges.json")]
    assert sum(each["calls"] for each in found) == 150
    faults = [fault for judging in judgings.values() for fault in missing_answers(judging)]
    assert ["budget of 150 calls is spent" in fault.detail for fault in faults] == [True, True]


def test_a_night_without_contenders_asks_nobody(place: Place) -> None:
    assert judge_contenders(Workspace(place.root), Night.read(place.folder), []) == {}
    assert not [script for script in place.scripts if script.asked]


def test_check_says_in_words_what_a_judge_may_be_believed_in(place: Place) -> None:
    told = run(place, "check")
    assert "bo: It depends on the order" in told and "No judge" not in told
    assert "ada: It agrees with reviewers" in told
    found = json.loads(run(place, "check", "--json"))
    assert found["calls"] == 0, "canaries are asked anew once a day"
    assert [judge["drift"]["n"] for judge in found["judges"]] == [32, 32]
    assert found["judges"][1]["swap"]["first"] == 1.0


def test_a_judge_that_is_down_is_named_and_nothing_breaks(place: Place) -> None:
    place.scripts[1].always = (401, {}, "sk-secret")
    done = CliRunner().invoke(app, ["judges", "check", "-w", str(place.root)])
    assert "without an answer: bo answered with HTTP 401" in done.stdout and "INCOMPLETE" in done.stdout
    assert isinstance(done.exception, Unavailable), "said in one sentence, with its exit code"


def test_recall_is_asked_of_a_bank(place: Place, tmp_path: Path) -> None:
    place.scripts[1].mind = sensible
    words = ("harbour wall", "violin repair", "chess opening", "rye loaf", "solar eclipse")
    days = ("mon", "mon", "mon", "tue", "tue")
    bank = [
        {"id": w, "question": f"What {w}?", "reference": w, "item": w[0], "day": day, "kind": "recall"}
        for w, day in zip(words, days, strict=True)
    ]
    files = {
        "bank": bank,
        "day0": [{"id": w, "answer": w if w < "s" else ""} for w in words],
        "day_n": [{"id": w, "answer": w if w > "c" else "nothing"} for w in words],
    }
    for name, rows in files.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    arguments = [f"--{name.replace('_', '-')}={tmp_path / name}.jsonl" for name in files]
    found = json.loads(run(place, "recall", *arguments, "--json"))
    assert (found["day0"], found["day_n"], found["learnt"], found["forgotten"]) == (60.0, 100.0, 2, 0)
    told = run(place, "recall", *arguments)
    assert "recall on Day 0 60.0 %, on Day N 100.0 %, on 5 questions" in told and "0 calls" in told
    assert "by day" in told and "taught up to" not in told, "nobody answered in between"
    told = run(place, "recall", *arguments, f"--after=mon={tmp_path / 'day_n.jsonl'}")
    assert "over the days" in told and "taught up to" in told and "Day 0" in told and "backward transfer" in told, told
    told = run(place, "recall", *arguments, "--by-words")
    assert "on Day N 100.0 %" in told and "no judge was asked" in told and "calls" not in told
    for given, says in (("mon", "is no DAY=FILE"), ("wed=x", "no questions of the day"), ("tue=x", "last day")):
        refused = CliRunner().invoke(app, ["judges", "recall", *arguments, "-w", str(place.root), "--after", given])
        assert isinstance(refused.exception, BadInput) and says in str(refused.exception)
    twice = [*arguments, "-w", str(place.root), "--after", "mon=a.jsonl", "--after", "mon=b.jsonl"]
    assert "the day 'mon' twice" in str(CliRunner().invoke(app, ["judges", "recall", *twice]).exception)


# what a night and the record hold ------------------------------------------------------------------------------------


def test_items_are_the_fresh_ones_that_both_answered(place: Place) -> None:
    found = night_items(place.record, place.folder)
    assert len(found) == 46 and {each.kind for each in found} == {"edit"}
    by_id = {each.transcript.external_id: each for each in found}
    for each in ITEMS:
        same = by_id[each.transcript.external_id]
        assert (same.champion, same.candidate, same.reviewed) == (each.champion, each.candidate, each.reviewed)
        assert same.effect == each.effect and same.cluster == each.transcript.channel
    assert night_items(place.record, place.folder, ("champion", "challenger")) == []
    write_night(place.root / "nights" / "anchored", ITEMS, 1, "anchor")
    assert night_items(place.record, place.root / "nights" / "anchored") == []


def test_a_talk_without_a_channel_is_a_cluster_of_its_own_and_not_named_by_its_outside_id(place: Place) -> None:
    """`judges.json` shows clusters, and outlives a transcript that is forgotten on request."""
    rows = read_scored_items(place.folder / FILE_OF_ITEMS)
    write_scored_items(place.folder / FILE_OF_ITEMS, [replace(each, channel="") for each in rows])
    found = night_items(place.record, place.folder)
    assert len({each.cluster for each in found}) == 46
    assert not [each for each in found if each.transcript.external_id in each.cluster]


def test_a_night_without_scores_or_of_another_make_is_refused(place: Place) -> None:
    with pytest.raises(NotFound, match="run that night first: errata nightly --date 2026-03-05"):
        night_items(place.record, place.root / "nights" / "2026-03-05")
    table = pq.read_table(place.folder / FILE_OF_ITEMS)
    pq.write_table(table.drop_columns(["kind"]), place.folder / FILE_OF_ITEMS)
    with pytest.raises(BadInput, match="no column 'kind'"):
        night_items(place.record, place.folder)


def test_pairs_are_the_newest_corrections_and_never_sealed_ones(place: Place) -> None:
    with place.record.read() as store:
        upto = store.labels.newest()
    pairs = reviewed_pairs(place.record, upto)
    assert len(pairs) == 46 and {pair.label for pair in pairs} == {1}
    assert pairs[-1].old == ITEMS[-1].champion and pairs[-1].new == ITEMS[-1].reviewed
    assert [pair.transcript for pair in reviewed_pairs(place.record, upto, 5)] == [
        each.transcript for each in ITEMS[-5:]
    ]
    assert len(reviewed_pairs(place.record, upto - 1)) == 45
    hidden = replace(item(300), transcript=replace(item(300).transcript, external_id="hidden"))
    with place.record.write() as store:
        seq = store.transcripts.add(hidden.transcript, "sealed").seq
        predicted = store.predictions.add(Prediction(seq, "c" * 64, "inline@1", hidden.champion)).seq
        store.corrections.add(correction(seq, hidden.reviewed or (), prediction=predicted))
        upto = store.labels.newest()
    assert len(reviewed_pairs(place.record, upto)) == 46


def test_looking_back_only_as_far_as_needed_finds_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with place.record.read() as store:
        upto, looked = store.labels.newest(), []
    whole = reviewed_pairs(place.record, upto)
    monkeypatch.setattr(night_items_module, "SPAN", 6)
    read = night_items_module._preferences
    monkeypatch.setattr(
        night_items_module, "_preferences", lambda store, after, upto: looked.append(after) or read(store, after, upto)
    )
    for newest in (1, 5, 40, 46, 200):
        looked.clear()
        assert reviewed_pairs(place.record, upto, newest) == whole[-newest:]
        assert (looked[-1] > 0) == (newest < 20)
