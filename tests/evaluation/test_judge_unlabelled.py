"""Talks that nobody has reviewed: answered, judged and counted where people's labels say that it is worth it.

A night from the record to the gate: judges behind HTTP that know no talk whose titles are nobody's words, and models
that are nothing but what they are known to have answered: whoever asks one for more finds no weights.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from errata.database.record import Record
from errata.documents.comparison import NOTHING
from errata.documents.document import read_document, write_document
from errata.documents.evaluation import ContenderScores
from errata.documents.file_names import EVALUATION, ITEMS
from errata.documents.judging import Judging, PanelItem, Unlabelled
from errata.documents.night import Night
from errata.documents.scored_items import write_scored_items
from errata.domain.chapter import Chapter, Chapters
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, seal
from errata.inference.predictor import AnswerKey, Predictor
from errata.inference.recorded import TOGETHER
from errata.loop.judging import judge_contenders, skip_reason
from errata.settings import FILE
from errata.tasks.template import Reading
from errata.wording.judging_sentences import unlabelled_sentence
from errata.workspace import Workspace
from evaluation.harness import evaluate
from evaluation.judges.cache import FOLDER, forget
from evaluation.judges.judged_item import JudgedItem
from evaluation.judges.night_items import answer_items
from evaluation.scoring_plan import read_candidate
from registry.error_budget import primary_estimate
from registry.gate import guardrail_results
from registry.gate_result import GateInput, GateResult, run_gates
from registry.history import GateHistory
from registry.policy import ANNUAL
from tests.made_up_answers import ASKED, mark
from tests.made_up_judge import serving, talk
from tests.made_up_params import write_params
from tests.made_up_record import correction

pytestmark = pytest.mark.slow

LABEL = "2026-03-04"
LABELLED, WAITING = range(104), range(200, 260)
SKILL = {"champion": 0.35, "candidate": 0.7}
"""How often each puts a border where the subject changes."""


@dataclass(frozen=True)
class Place:
    root: Path
    night: Night
    contenders: Sequence[ContenderScores]
    judging: Judging
    asked: int
    """Calls that the night took."""

    @property
    def found(self) -> Judging:
        return read_document(Judging, self.root / "nights" / LABEL / "judges.json", "judge it")

    @property
    def record(self) -> Record:
        return Workspace(self.root).record

    def copy(self, root: Path) -> Place:
        return replace(self, root=Path(shutil.copytree(self.root, root / "copy")))

    def judged_again(self, preset: str = "annual", **judges: Any) -> Judging:
        """The same night once more, while its judges are all down."""
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params["gate"]["preset"] = preset
        path.write_text(yaml.safe_dump({**params, "judges": {**params["judges"], **judges}}))
        judge_contenders(Workspace(self.root), self.night, self.contenders)
        return self.found


def answer(right: Chapters, random: Random, skill: float) -> Chapters:
    """Borders that are not kept come two or three lines too late."""
    late = (replace(c, start=c.start + random.choice((20.0, 30.0))) for c in right[1:])
    return (right[0], *(c if random.random() < skill else moved for c, moved in zip(right[1:], late, strict=True)))


def fill(record: Record, numbers: Sequence[int], models: dict[str, str], reviewed: bool) -> list[int]:
    seqs = []
    with record.write() as store:
        for number in numbers:
            said, right = talk(number)
            seqs.append(store.transcripts.add(replace(said, channel=f"channel {number % 26}"), "train").seq)
            made = {
                name: store.predictions.add(
                    Prediction(seqs[-1], model, ASKED, answer(right, Random(f"{name} {number}"), SKILL[name]))
                )
                for name, model in models.items()
            }
            if reviewed:
                store.corrections.add(correction(seqs[-1], right, prediction=made["champion"].seq))
    return seqs


def make_model(folder: Path, watermark: int) -> str:
    folder.mkdir(parents=True)
    Card("inline", 128, training_watermark=watermark).write(folder)
    (folder / TRAINING_TRANSCRIPTS).write_text(json.dumps(["0" * 64]))
    return seal(folder)


@pytest.fixture(scope="module")
def judged_night(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("workspace")
    shutil.copyfile(empty, root / "errata.db")
    (root / FILE).write_text("")
    workspace = Workspace(root)
    champion = make_model(root / "models" / "new", 0)
    (root / "models" / "new").rename(root / "models" / champion[:16])
    candidate = make_model(root / "candidate", 1)
    models = {"champion": champion, "candidate": candidate}
    fill(workspace.record, WAITING, models, reviewed=False)
    fill(workspace.record, LABELLED, models, reviewed=True)
    night = Night(LABEL, 0, mark(workspace.record), champion, champion, 0, "", 0, "c" * 64)
    fill(workspace.record, range(300, 305), {}, reviewed=False)
    folder = workspace.nights / LABEL
    folder.mkdir(parents=True)
    made, rows = evaluate(workspace.record, night, read_candidate(root / "candidate", night), workspace.models, 7)
    write_scored_items(folder / ITEMS, rows)
    write_document(folder / EVALUATION, made)
    with ExitStack() as stack:
        servers = [stack.enter_context(serving()) for _ in range(2)]
        panel = [
            {"name": name, "family": f"family of {name}", "model": "m-1", "url": script.url}
            for name, script in zip(("ada", "bo"), servers, strict=True)
        ]
        write_params(root, judges={"panel": panel}, gate={"preset": "annual"})
        judging = judge_contenders(workspace, night, made.contenders)["candidate"]
        asked = sum(len(script.asked) for script in servers)
        for script in servers:
            script.always = (401, {}, "")
        yield Place(root, night, made.contenders, judging, asked)


def gate_result(place: Place) -> GateResult:
    folder = place.root / "nights" / LABEL
    measured = GateInput(place.contenders[0], {}, place.judging)
    [result] = run_gates(place.night, [measured], ANNUAL, folder, GateHistory())
    return result


def test_what_nobody_reviewed_makes_the_gate_s_estimate_surer(judged_night: Place) -> None:
    items, primary = judged_night.judging.items, judged_night.contenders[0].primary
    people = [row for row in items if row.human is not None]
    alone = [row for row in items if row.human is None]
    assert judged_night.judging.complete and len(alone) == len(WAITING), "not those that came after the watermark"
    assert len(people) == primary.n == len(LABELLED)
    evidence = gate_result(judged_night).evidence
    assert evidence.powered is not None and evidence.powered.judged == len(WAITING)
    assert 0.5 < evidence.powered.rho < 0.99, "a judge that errs"
    assert ANNUAL.year is not None
    results = guardrail_results(evidence, ANNUAL)
    estimate = primary_estimate(evidence, results, ANNUAL, ANNUAL.year)
    assert estimate.judge is not None and (estimate.judge.code, estimate.judge.items) == ("counts", 60)
    assert estimate.comparison.n == len(LABELLED) and estimate.items == len(LABELLED) + len(WAITING)
    assert estimate.comparison.se is not None and estimate.comparison.se < ANNUAL.robust(evidence.primary).se
    found = judged_night.found
    assert found.complete and found.unlabelled == Unlabelled(len(WAITING), len(WAITING))
    assert found.calls == judged_night.asked


def test_a_second_run_takes_no_call_and_says_the_same(judged_night: Place, tmp_path: Path) -> None:
    """Not even where reviewers have gone on meanwhile."""
    place = judged_night.copy(tmp_path)
    with place.record.write() as store:
        store.corrections.add(correction(judged_night.found.items[-3].transcript, (Chapter(0.0, "Later"),)))
    found = place.judged_again()
    assert found.calls == 0
    assert found.items == judged_night.found.items and found.unlabelled == judged_night.found.unlabelled


def test_so_many_at_most(judged_night: Place, tmp_path: Path) -> None:
    found = judged_night.copy(tmp_path).judged_again(unlabelled=10)
    assert found.unlabelled == Unlabelled(10, 10) and found.calls == 0
    assert found.items == judged_night.found.items[: len(LABELLED) + 10]


def test_a_judge_that_is_down_on_them_costs_some_of_them_and_never_the_night(
    judged_night: Place, tmp_path: Path
) -> None:
    place = judged_night.copy(tmp_path)
    with place.record.read() as store:
        hashes = [store.transcripts.hash_of(row.transcript) for row in place.found.items[len(LABELLED) :]]
    cut = next(at for at in range(20, 60) if forget(place.root / FOLDER, hashes[at]))
    found = place.judged_again()
    why = f"Cut after {cut} of 60, in the order in which they were drawn: "
    assert found.unlabelled.n == cut and unlabelled_sentence(found.unlabelled).startswith(why)
    assert found.complete and found.say and found.items == judged_night.found.items[: len(LABELLED) + cut]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"preset": "small"}, "The preset small decides without judges."),
        ({"unlabelled": 0}, ""),
    ],
)
def test_where_it_can_t_count_nobody_is_asked(
    judged_night: Place, tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    found = judged_night.copy(tmp_path).judged_again(**change)
    assert (found.unlabelled.drawn, found.unlabelled.n, found.n) == (0, 0, len(LABELLED))
    assert unlabelled_sentence(found.unlabelled) == why


def labelled(found: Judging) -> tuple[PanelItem, ...]:
    return tuple(row for row in found.items if row.human is not None)


def shuffled(found: Judging) -> tuple[PanelItem, ...]:
    """The same verdicts, on other items."""
    rows = labelled(found)
    turned = Random(3).sample(rows, len(rows))
    return tuple(replace(row, difference=other.difference) for row, other in zip(rows, turned, strict=True))


@pytest.mark.parametrize(
    ("change", "items", "why"),
    [
        (lambda found: {"items": labelled(found)}, 104, ""),
        (lambda found: {"items": labelled(found)[:100]}, 100, ""),
        (lambda found: {"items": labelled(found)[:99]}, 99, "labelled 99 items and the judges saw 99; 100 are needed"),
        (lambda found: {"items": labelled(found)[:103]}, 104, "labelled 104 items and the judges saw 103"),
        (lambda found: {"items": shuffled(found)}, 104, "follow people's with ρ ="),
        (lambda found: {"items": tuple(replace(row, difference=1.0) for row in labelled(found))}, 104, "don't vary"),
        (lambda found: {"complete": False}, 104, "Answers on what people labelled are missing."),
        (lambda found: {"say": False}, 104, "The judges have no say."),
        (lambda found: {}, 104, "rectified by how far labels lean"),
    ],
)
def test_people_s_labels_decide_beforehand_whether_it_is_worth_it(
    judged_night: Place, change: Callable[[Judging], dict[str, Any]], items: int, why: str
) -> None:
    primary = replace(NOTHING, n=items, labelled_effect=1.0 if "rectified" in why else None)
    reason = skip_reason(replace(judged_night.found, **change(judged_night.found)), primary, ANNUAL)
    sentence = unlabelled_sentence(Unlabelled(why=reason))
    assert why in sentence if why else sentence == ""


# who answers ---------------------------------------------------------------------------------------------------------


class Known(Predictor):
    """Answers everything, and notes what it was asked."""

    def __init__(self, name: str) -> None:
        self.key = AnswerKey(name, ASKED)
        self.asked: list[Transcript] = []

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        self.asked += transcripts
        return [Reading((Chapter(0.0, f"{self.key.model} {talk.external_id}"),)) for talk in transcripts]


def test_both_sides_answer_a_few_at_a_time_and_in_order(record: Record) -> None:
    seqs = fill(record, range(20), {}, reviewed=False)[::-1]
    old, new = Known("old"), Known("new")
    few = answer_items(record, old, new, seqs)
    first: list[JudgedItem] = next(few)
    assert [each.number for each in first] == seqs[:TOGETHER]
    assert old.asked == new.asked == [each.transcript for each in first]
    for each in first:
        name = each.transcript.external_id
        assert (each.champion[0].title, each.candidate[0].title) == (f"old {name}", f"new {name}")
    assert all(each.reviewed is None and each.effect is None and each.kind == "" for each in first)
    assert [each.cluster for each in first] == [each.transcript.channel for each in first]
    assert [each.number for few_more in few for each in few_more] == seqs[TOGETHER:]
