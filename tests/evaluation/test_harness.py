"""Test, then train: which items are fresh, and what a night's evaluation says of every model."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.holdout_log import HoldoutAccess
from errata.database.record import Record
from errata.documents.document import as_json
from errata.documents.metric_values import MessageValues, ModelMean
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.domain.correction import Label
from errata.domain.prediction import Prediction
from errata.inference.artefact import Card, seal, verify
from errata.wording.label_sentences import beside
from evaluation.harness import evaluate
from evaluation.items import (
    Item,
    Question,
    ScoredAnswer,
    ScoredModel,
    f1_alone,
    length,
)
from evaluation.metrics.score import score_video
from evaluation.model_scores import ModelScores
from evaluation.scoring_plan import read_candidate
from tests import made_up_answers as answers
from tests.made_up_answers import answered, corrected, mark
from tests.made_up_model import make_model
from tests.made_up_record import add, chapters, correction, talk

# means and comparisons -----------------------------------------------------------------------------------------------


def item(number: int, channel: str = "") -> Item:
    label = Label(
        number, f"{number:064}", f"t{number}", channel, number, "edit", (), "ann", None, "train", number, (), True
    )
    return Item("fresh", label)


def scored(place: Item, model: str, *starts: float, problems: tuple[str, ...] = ()) -> ScoredAnswer:
    answer = Prediction(place.label.transcript, model, "inline@1", chapters(*starts), problems)
    score = score_video(chapters(0, 50), answer.chapters, 100.0)
    return ScoredAnswer(place, model, answer, score, 50.0, "[]")


def test_items_without_a_channel_are_clusters_of_their_own() -> None:
    assert item(1, "Rope").cluster == item(2, "Rope").cluster == "Rope"
    assert item(1).cluster != item(2).cluster


def test_means_have_every_metric_and_an_interval() -> None:
    items = [item(number, f"c{number % 3}") for number in range(9)]
    scores = ModelScores(seed=7)
    scores.add(scored(each, "m", 0, 50 if number % 2 else 80) for number, each in enumerate(items))
    mean = scores.mean("m", items)
    assert {field.name for field in fields(MessageValues)} | {"n", "low", "high"} == {
        field.name for field in fields(mean)
    }
    assert mean.n == 9 and mean.low is not None and mean.f1 is not None and mean.high is not None
    assert mean.low <= mean.f1 <= mean.high and math.isclose(mean.f1, scores.mean_f1("m", items) or 0.0)
    assert scores.mean("m", []) == ModelMean()
    assert scores.equal_split_f1("m", items) == 50.0
    assert scores.equal_split_f1("m", []) is None


def test_comparisons_are_paired_and_mirrored() -> None:
    items = [item(number, f"c{number % 4}") for number in range(12)]
    scores = ModelScores(seed=7)
    scores.add(scored(each, "good", 0, 50) for each in items)
    scores.add(scored(each, "poor", 0, 50 + 3 * number) for number, each in enumerate(items))
    found = scores.compare("good", "poor", items)
    assert (found.n, found.clusters, found.mean_new) == (12, 4, 100.0)
    assert found.effect is not None and found.effect > 0
    assert found.p_value is not None and found.p_value < 0.05
    assert scores.compare("poor", "good", items).effect == -found.effect
    assert scores.compare("good", "good", items).effect == 0
    assert scores.compare("good", "poor", []).n == 0


def test_an_answer_with_a_problem_is_not_parsable() -> None:
    items = [item(number) for number in range(4)]
    scores = ModelScores(seed=7)
    scores.add(scored(each, "good", 0, 50) for each in items)
    scores.add(scored(each, "cut", 0, 50, problems=("cut",) if each is items[0] else ()) for each in items)
    found = scores.compare("cut", "good", items, "parsable")
    assert (found.mean_new, found.mean_old) == (75.0, 100.0)


@pytest.mark.parametrize(
    ("minutes", "name"),
    [
        (0.1, "short"),
        (14.99, "short"),
        (15, "medium"),
        (29.99, "medium"),
        (30, "long"),
        (60, "long"),
        (60.01, "longer"),
    ],
)
def test_lengths_are_those_of_vidchapters(minutes: float, name: str) -> None:
    assert length(60 * minutes, "seconds") == name
    assert length(60 * minutes, "words") == "untimed"


STARTS = st.lists(st.integers(0, 130), max_size=6, unique=True)


@given(right=STARTS, said=STARTS)
def test_f1_alone_is_the_f1_of_all_scores(right: list[int], said: list[int]) -> None:
    question = Question(item(1), chapters(*right), 120.0, "seconds")
    assert f1_alone(question, chapters(*said)) == score_video(chapters(*right), chapters(*said), 120.0).f1


# a whole evaluation --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for seed in (0, 1):
        identity = make_model(folder / "new", context=128, seed=seed)
        (folder / "new").rename(folder / identity[:16])
    return folder


@pytest.fixture
def night(record: Record, models: Path) -> Night:
    """Day-0 is champion; six talks corrected tonight, two held out."""
    first, _ = identities(models)
    for number in range(8):
        spoken = talk(f"t{number}", lines=3, channel=f"c{number % 3}")
        add(record, spoken, "train" if number < 6 else "anchor", 0, 20)
    return Night("2026-03-01", 0, mark(record), first, first, 0, "", 0, "c" * 64)


def identities(models: Path) -> tuple[str, str]:
    first, second = sorted(models.iterdir())
    return verify(first), verify(second)


def test_every_model_answers_the_same_items_once(record: Record, night: Night, models: Path) -> None:
    folder = models / identities(models)[1][:16]
    candidate = read_candidate(folder, night)
    assert candidate is not None
    result, rows = evaluate(record, night, candidate, models, seed=7)
    assert result.fresh_items == 6 and result.accepted == 0
    assert set(result.means) == {"day0", "champion", "candidate"}
    assert result.means["day0"] == result.means["champion"]
    (found,) = result.contenders
    assert (found.name, found.model, found.watermark) == ("candidate", candidate.identity, 0)
    assert found.primary.n == found.against_day0.n == 6
    assert set(found.guardrails) == {"anchor", "collapses", "day0_retention", "parsable"}
    assert found.guardrails["anchor"].n == 2
    assert found.guardrails["day0_retention"].n == 0
    assert found.guardrails["parsable"].n == 8
    assert set(found.more_guardrails) == {"best_anchor", "slice_short", "titles"}
    assert found.more_guardrails["best_anchor"] == found.guardrails["anchor"]
    assert found.more_guardrails["slice_short"].effect == found.primary.effect
    assert found.primary.better_wealth is not None and found.guardrails["collapses"].n == 6
    json.dumps(as_json(result), allow_nan=False)
    assert len(rows) == 2 * 8
    assert {row.model for row in rows} == {candidate.identity, night.champion}
    mean = sum(row.f1 for row in rows if row.model == candidate.identity and row.part == "fresh") / 6
    assert math.isclose(mean, result.means["candidate"].f1 or 0.0)
    watermark = mark(record)
    again, same = evaluate(record, night, candidate, models, seed=7)
    assert (again, same, mark(record)) == (result, rows, watermark)


def test_a_night_without_a_candidate_scores_the_champion_alone(record: Record, night: Night, models: Path) -> None:
    assert read_candidate(models / "none", night) is None
    result, rows = evaluate(record, night, None, models, seed=7)
    assert result.contenders == ()
    assert result.means["champion"].n == len(rows) == 6


def test_a_candidate_without_fresh_items_is_not_asked_about_the_challenger_s(record: Record, tmp_path: Path) -> None:
    """It may have been trained on them: an answer of it would stand among fresh ones."""
    gathered = corrected(record, [f"t{number}" for number in range(4)])
    after = mark(record)
    anchor = corrected(record, ["held out"], "anchor")
    with record.read() as store:
        known = [store.transcripts.hash_of(seq) for seq in gathered]
    day0 = answers.contender(tmp_path, "day0", "d")
    challenger = answers.contender(tmp_path, "challenger", "e")
    candidate = answers.contender(tmp_path, "candidate", "c", seen=known, watermark=after)
    for model, seqs in ((day0, [*gathered, *anchor]), (challenger, [*gathered, *anchor]), (candidate, anchor)):
        answered(record, model, seqs)
    night = Night("n", after, mark(record), day0.identity, day0.identity, 0, challenger.identity, 0, "c" * 64)
    result, rows = evaluate(record, night, candidate, tmp_path, seed=7)
    assert {each.name: each.primary.n for each in result.contenders} == {"candidate": 0, "challenger": 4}
    fresh = {(row.name, row.part) for row in rows}
    assert fresh == {(name, part) for name in ("day0", "challenger") for part in ("fresh", "anchor")} | {
        ("candidate", "anchor")
    }


@pytest.fixture
def waiting(record: Record, tmp_path: Path) -> tuple[Night, list[int]]:
    """A challenger that was right on six items of an earlier night, where Day-0 was wrong, waits; and those items."""
    day0, challenger = answers.contender(tmp_path, "day0", "d"), answers.contender(tmp_path, "challenger", "e")
    gathered = corrected(record, [f"t{number}" for number in range(6)])
    with record.write() as store:
        store.nights.begin("first", 0, store.labels.newest())
        store.nights.finish(Outcome(night="first", verdict="inconclusive"))
    tonight = corrected(record, ["tonight"])
    for model, at in ((day0, 90), (challenger, 60)):
        answered(record, model, [*gathered, *tonight], at)
    with record.read() as store:
        trained = store.nights.last_gate_watermark()
    night = Night("n", trained, mark(record), day0.identity, day0.identity, 0, challenger.identity, 0, "c" * 64)
    return night, gathered


def test_what_is_said_of_a_scored_item_moves_nothing_and_is_shown_beside(
    record: Record, waiting: tuple[Night, list[int]], tmp_path: Path
) -> None:
    """A challenger waits, and somebody rewrites by what it was scored: the champion's own words, in the worst case."""
    night, gathered = waiting
    (before,) = evaluate(record, night, None, tmp_path, seed=7)[0].contenders
    assert (before.primary.n, before.primary.mean_new, before.later_labels) == (7, 100.0, None)
    with record.write() as store:
        for seq in gathered[:3]:
            store.corrections.add(correction(seq, chapters(0, 90)))
        store.corrections.add(correction(gathered[3], chapters(0, 90), "bob"))
    later = replace(night, gate_watermark=mark(record))
    result, rows = evaluate(record, later, None, tmp_path, seed=7)
    (after,) = result.contenders
    assert (after.primary, after.against_day0) == (before.primary, before.against_day0)
    assert after.more_guardrails["slice_short"] == before.more_guardrails["slice_short"]
    found = after.later_labels
    assert found is not None and (found.changed, found.withdrawn) == (3, 1)
    assert (found.then.mean_new, found.now.mean_old) == (100.0, 100.0)
    assert (found.then.effect or 0) > 0 > (found.now.effect or 0)
    fresh = {json.loads(row.reference)[1]["start"] for row in rows if row.part == "fresh"}
    assert fresh == {60}, "items.parquet has what decides"
    assert as_json(result)["contenders"][0]["later_labels"]["changed"] == 3
    assert "3 got another label after they were first scored, and 1 has no label any more" in beside(after)[0]


def test_what_a_twin_takes_out_of_a_decision_is_shown_beside(
    record: Record, waiting: tuple[Night, list[int]], tmp_path: Path
) -> None:
    """Whoever imports copies as held out after the scores were seen takes out what they choose."""
    night, gathered = waiting
    (before,) = evaluate(record, night, None, tmp_path, seed=7)[0].contenders
    with record.write() as store:
        scored = store.transcripts.read(gathered[0])
        store.transcripts.add(replace(scored, external_id="copy"), "sealed")
    later = replace(night, gate_watermark=mark(record))
    (after,) = evaluate(record, later, None, tmp_path, seed=7)[0].contenders
    assert (before.excluded.n, after.excluded.n, after.primary.n) == (0, 1, before.primary.n - 1)
    assert any("1 item that was scored before counts no more, since a twin" in line for line in beside(after))


def test_what_was_accepted_decides_nothing_and_is_shown_beside(
    record: Record, waiting: tuple[Night, list[int]], tmp_path: Path
) -> None:
    night, _ = waiting
    (before,) = evaluate(record, night, None, tmp_path, seed=7)[0].contenders
    with record.write() as store:
        for number in range(4):
            seq = store.transcripts.add(talk(f"accepted {number}", channel="c"), "train").seq
            for model, at in ((night.day0, 90), (night.challenger, 60)):
                store.predictions.add(Prediction(seq, model, answers.ASKED, chapters(0, at)))
            drafted = replace(correction(seq, chapters(0, 90), kind="accept"), draft_by=night.day0)
            store.corrections.add(drafted)
    later = replace(night, gate_watermark=mark(record))
    result, rows = evaluate(record, later, None, tmp_path, seed=7)
    (after,) = result.contenders
    assert (result.fresh_items, result.accepted, result.deciding_items) == (5, 4, 1)
    assert (after.primary, after.against_day0) == (before.primary, before.against_day0)
    assert after.more_guardrails["slice_short"] == before.more_guardrails["slice_short"]
    assert (after.accepted.n, after.accepted.mean_old) == (4, 100.0) and (after.accepted.effect or 0) < 0
    assert after.guardrails["parsable"].n == 11, "whether an answer can be read has nothing to do with drafts"
    assert {row.draft_by for row in rows if row.kind == "accept"} == {night.day0}
    assert "4 more items were accepted as drafted and left out" in beside(after)[0]


def test_a_second_evaluation_of_the_same_night_asks_no_engine(
    record: Record, night: Night, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = read_candidate(models / identities(models)[1][:16], night)
    first = evaluate(record, night, candidate, models, seed=7)
    monkeypatch.setattr("errata.inference.model.load", lambda *_: pytest.fail("a known answer was asked for again"))
    assert evaluate(record, night, candidate, models, seed=7) == first
    late = corrected(record, ["late"])
    for name in (night.day0, identities(models)[1]):
        answered(record, ScoredModel("", name, models, 0), late)
    bigger, _ = evaluate(record, replace(night, gate_watermark=mark(record)), candidate, models, seed=7)
    assert bigger.fresh_items == 7, "only the new item was still to be answered"


def test_an_answer_is_of_one_model_one_prompt_and_one_text(record: Record, models: Path) -> None:
    """What is recorded under (transcript, model, template@version) is never an answer to another question."""
    model = identities(models)[0]
    seq, renamed = add(record, talk("t")), add(record, replace(talk("t"), title="Renamed"))
    asked = Prediction(seq, model, "inline@1", chapters(0))
    others = [replace(asked, transcript=renamed), replace(asked, model="b" * 64), replace(asked, template="inline@2")]
    with record.write() as store:
        for place, each in enumerate((asked, *others)):
            assert store.predictions.add(replace(each, chapters=chapters(place))).new
        assert not store.predictions.add(replace(asked, chapters=chapters(99))).new, "the first answer stays"
        found = [store.predictions.find(each.transcript, each.model, each.template) for each in (asked, *others)]
        assert [prediction and prediction.chapters for prediction in found] == [chapters(place) for place in range(4)]
        assert store.transcripts.hash_of(seq) != store.transcripts.hash_of(renamed)


@pytest.mark.parametrize("change", [{"template": "indexed"}, {"context": 64}, {"base": "f" * 64}])
def test_a_model_that_is_asked_otherwise_is_another_model(models: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    folder = Path(shutil.copytree(next(models.iterdir()), tmp_path / "copy"))
    before = verify(folder)
    replace(Card.read(folder), **change).write(folder)
    assert seal(folder) != before


def test_the_anchor_is_opened_once_a_night(record: Record, night: Night, models: Path) -> None:
    evaluate(record, night, None, models, seed=7)
    with record.read() as store:
        assert store.holdout.accesses() == [], "without a contender nobody looks at it"
    candidate = read_candidate(models / identities(models)[1][:16], night)
    for _ in range(2):
        evaluate(record, night, candidate, models, seed=7)
    with record.read() as store:
        (logged,) = store.holdout.accesses()
    assert logged.access == HoldoutAccess("anchor", "nightly", night.label, identities(models), 2, night.gate_watermark)
    evaluate(record, replace(night, label="2026-03-02"), candidate, models, seed=7)
    with record.read() as store:
        assert [each.access.why for each in store.holdout.accesses("anchor")] == [night.label, "2026-03-02"]


def test_the_candidate_is_held_to_the_best_champion_there_ever_was(
    record: Record, night: Night, models: Path, tmp_path: Path
) -> None:
    place = Path(shutil.copytree(models, tmp_path / "models"))
    first, second = identities(place)
    best = answers.contender(place, "best", "e")
    with record.write() as store:
        held_out = [label for label in store.labels.between(0, store.watermark()) if label.role == "anchor"]
        for label in held_out:
            for model, chapters_ in ((first, ()), (best.identity, label.chapters)):
                store.predictions.add(Prediction(label.transcript, model, answers.ASKED, chapters_))
        for model in (first, best.identity, first):
            store.aliases.assign_alias("champion", model, "promote", "gate", "some night", None)
    later = replace(night, gate_watermark=mark(record))
    candidate = read_candidate(place / second[:16], night)
    result, rows = evaluate(record, later, candidate, place, seed=7)
    found = result.contenders[0]
    best_anchor, anchor = found.more_guardrails["best_anchor"], found.guardrails["anchor"]
    assert best_anchor.n == 2
    assert best_anchor.mean_old == 100.0 > (anchor.mean_old or 0.0)
    of_best = [row for row in rows if row.model == best.identity]
    assert {(row.name, row.part) for row in of_best} == {("best", "anchor")} and len(of_best) == 2
    assert evaluate(record, later, candidate, place, seed=7)[0] == result
