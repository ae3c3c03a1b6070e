"""By what labels were made from: each source is told, and the comparison that decides is rectified where it can be."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from errata.database.record import Record
from errata.documents.comparison import NOTHING
from errata.documents.draft_effects import DraftEffects, GatheredLean, Lean
from errata.documents.evidence import JudgeSay
from errata.documents.judging import Judging
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.params import GateParams
from errata.domain.correction import NO_DRAFT, Label
from errata.domain.prediction import Prediction
from errata.wording.draft_sentences import draft_sentences
from errata.wording.gate_sentences import reasons
from evaluation.draft_effects import ComparedItem, label_source, rectified_with_wealth, title_comparison
from evaluation.harness import evaluate
from evaluation.items import Item, ScoredModel
from evaluation.model_scores import ModelScores
from evaluation.report.content import Report
from evaluation.report.markdown import summary
from evaluation.report.page import render
from evaluation.report.report_document import contender_slices
from evaluation.statistics.rectified import UNKNOWN_LEAN, DraftSource, LabelledDifference, PooledLean
from registry.judged import powered_comparison
from tests import made_up_night
from tests.made_up_answers import ASKED, contender, mark
from tests.made_up_record import chapters, correction, talk

CHAMPION, CANDIDATE = "d" * 64, "c" * 64


def label(kind: str = "edit", draft_by: str | None = None, prediction: int | None = 1) -> Label:
    return Label(1, "h", "t", "", 1, kind, (), "ann", prediction, "train", 1, ("h",), True, draft_by=draft_by)


@pytest.mark.parametrize(
    ("draft_by", "draft", "source"),
    [
        (NO_DRAFT, None, "blind"),
        (None, Prediction(1, CHAMPION, ASKED, ()), "unknown"),
        (CHAMPION, Prediction(1, CHAMPION, ASKED, ()), "champion"),
        (CANDIDATE, Prediction(1, CANDIDATE, ASKED, ()), "another"),
        ("gpt", Prediction(1, "foreign:gpt:12", "", (), foreign=True), "another"),
        ("gpt", Prediction(1, CHAMPION, ASKED, ()), "unknown"),
        ("gpt", None, "unknown"),
    ],
)
def test_a_source_is_told_where_it_is_known(draft_by: str | None, draft: Prediction | None, source: str) -> None:
    """A name alone is no draft: what the label is held against is then a guess."""
    assert label_source(label(draft_by=draft_by), draft, CHAMPION) == source
    assert label_source(label("reference", draft_by), draft, CHAMPION) == "reference"


class Place:
    """Talks of three minutes whose right border lies at 90; the champion puts it at 60 and the candidate at 100."""

    def __init__(self, record: Record, models: Path) -> None:
        self.record, self.models = record, models
        self.champion = contender(models, "champion", "d")
        self.candidate = contender(models, "candidate", "c")
        self.talks = 0

    def reviewed(
        self, right: Sequence[float], count: int, draft_by: str | None, kind: str = "edit", draft: str = "ours"
    ) -> None:
        """A copy is of the candidate's answer, under a name of its own; what isn't said is held against the champion's
        answer."""
        with self.record.write() as store:
            for _ in range(count):
                self.talks += 1
                spoken = talk(f"t{self.talks}", channel=f"channel {self.talks % 4}", lines=18)
                seq = store.transcripts.add(spoken, "train").seq
                drafts = {}
                for model, at in ((self.champion, 60), (self.candidate, 100)):
                    answer = Prediction(seq, model.identity, ASKED, chapters(0, at))
                    drafts[model.identity] = store.predictions.add(answer).seq
                copy = Prediction(seq, "foreign:x:1", "", chapters(0, 100), foreign=True)
                shown = {
                    "ours": drafts.get(draft_by or ""),
                    "a copy": store.predictions.add(copy).seq,
                    "not said": drafts[CHAMPION],
                }[draft]
                given = correction(seq, chapters(*right), kind=kind, prediction=shown)
                store.corrections.add(replace(given, draft_by=draft_by))

    def night(self, label: str = "n", after: int = 0) -> Night:
        gate = GateParams("small")
        return Night(label, after, mark(self.record), CHAMPION, CHAMPION, 0, "", 0, "c" * 64, gate)

    def evaluated(self, night: Night, candidate: ScoredModel | None = None):
        evaluation, _ = evaluate(self.record, night, candidate or self.candidate, self.models, seed=7)
        return evaluation

    def finished(self, label: str, lean: Lean) -> None:
        """A night before, whose items said so of the lean."""
        with self.record.write() as store:
            after = store.nights.last_gate_watermark()
            store.nights.begin(label, after, store.watermark())
            store.nights.finish(Outcome(night=label, verdict="reject", lean=lean))


@pytest.fixture
def place(record: Record, tmp_path: Path) -> Place:
    return Place(record, tmp_path)


def test_where_nothing_is_known_of_drafts_labels_count_as_they_are(place: Place) -> None:
    place.reviewed((0, 90), 8, None)
    (scores,) = place.evaluated(place.night()).contenders
    assert scores.drafts is not None and not scores.drafts.rectified
    assert scores.primary == scores.drafts.labelled
    assert scores.primary.effect == scores.drafts.by_source["unknown"].effect
    assert scores.drafts.most is None
    *_, last = draft_sentences(scores.drafts, scores.primary)
    assert last.startswith("Of 8 labels 0 were made without a draft, fewer than the 20 % asked for: the verdict leans")
    assert "can't be told" in last


def test_blind_labels_decide_alone_while_nothing_is_known_of_the_lean(place: Place) -> None:
    place.reviewed((0, 90), 8, NO_DRAFT)
    place.reviewed((0, 60), 24, CHAMPION)
    evaluation = place.evaluated(place.night())
    (scores,) = evaluation.contenders
    assert scores.drafts is not None and scores.drafts.rectified
    assert {source: found.n for source, found in scores.drafts.by_source.items()} == {"blind": 8, "champion": 24}
    blind, drafted = scores.drafts.by_source["blind"], scores.drafts.by_source["champion"]
    assert (blind.effect or 0) > 0 > (drafted.effect or 0)
    assert scores.primary.n == 8 and scores.primary.effect == pytest.approx(blind.effect)
    assert scores.primary.labelled_effect == scores.drafts.labelled.effect
    assert evaluation.lean is not None and evaluation.lean.value > 0
    assert "It rests on 8 of the 32 labels." in draft_sentences(scores.drafts, scores.primary)[1]


def test_earlier_nights_tell_the_lean_and_drafted_labels_count(place: Place) -> None:
    place.reviewed((0, 90), 4, NO_DRAFT)
    for label, value in (("one", 0.5), ("two", 0.6), ("three", 0.55), ("four", 0.55)):
        place.finished(label, Lean(value, 0.05))
    after = mark(place.record)
    place.reviewed((0, 60), 12, CHAMPION)
    candidate = replace(place.candidate, watermark=after)
    (scores,) = place.evaluated(place.night(after=after), candidate).contenders
    assert scores.drafts is not None and scores.drafts.lean is not None and scores.drafts.rectified
    assert (scores.drafts.lean.nights, scores.drafts.lean.value) == (4, pytest.approx(0.55, abs=0.01))
    labelled = scores.drafts.labelled.effect or 0.0
    assert labelled < 0 < scores.drafts.most
    assert labelled < (scores.primary.effect or 0.0)
    assert scores.primary.n == 12
    moved, short = draft_sentences(scores.drafts, scores.primary)
    assert "and those of 4 nights before" in moved
    assert "the effect as labelled leans towards the champion, by " in short


@pytest.mark.parametrize(("draft_by", "draft"), [(CANDIDATE, "ours"), (CANDIDATE, "not said"), ("x", "a copy")])
def test_a_contender_s_own_drafts_prove_nothing_while_nothing_tells_how_far_they_lean(
    place: Place, draft_by: str, draft: str
) -> None:
    """Else whoever has its drafts edited could have any model promoted."""
    place.reviewed((0, 100), 12, draft_by, draft=draft)
    place.reviewed((0, 90), 4, None)
    (scores,) = place.evaluated(place.night()).contenders
    assert scores.drafts is not None and not scores.drafts.rectified
    assert (scores.primary.n, scores.drafts.labelled.n) == (4, 16)
    assert scores.primary.effect < scores.drafts.labelled.effect
    sentences = draft_sentences(scores.drafts, scores.primary)
    assert "12 labels made from its own drafts are left out: nothing tells" in " ".join(sentences)


def test_a_contender_s_own_draft_by_name_alone_does_not_count_beside_drawn_ones_either(place: Place) -> None:
    place.reviewed((0, 90), 8, NO_DRAFT)
    place.reviewed((0, 60), 24, CHAMPION)
    (without,) = place.evaluated(place.night()).contenders
    place.reviewed((0, 100), 12, CANDIDATE, draft="not said")
    (scores,) = place.evaluated(place.night()).contenders
    assert scores.drafts is not None and scores.drafts.rectified
    assert (scores.primary.n, scores.primary.effect) == (without.primary.n, without.primary.effect)


@pytest.mark.parametrize(("source", "advantage"), [("champion", 40.0), ("another", -40.0)])
def test_who_bets_takes_the_lean_that_is_against_them_whoever_drafted(source: DraftSource, advantage: float) -> None:
    """Of two models that are alike, with labels that lean by 0.3: by the other end of the lean's interval one of two
    nights made 73 times the stake."""
    lean = PooledLean(np.array(0.3), np.array(0.1**2), np.array(10.0))
    random = np.random.default_rng(1)
    for _ in range(10):
        items = [
            LabelledDifference(float(value), str(index % 24), "blind", 0.0)
            if index % 10 == 0
            else LabelledDifference(float(value) - 0.3 * advantage, str(index % 24), source, advantage)
            for index, value in enumerate(random.normal(0, 15, 200))
        ]
        comparison = rectified_with_wealth(items, lean, 0.0)
        assert max(comparison.better_wealth, comparison.worse_wealth) < math.log(20)


def test_who_bets_counts_what_the_estimate_counts() -> None:
    """Drafts of one channel alone tell nothing, whatever an endless lean would make of them."""
    blind = [LabelledDifference(5.0 + index % 3, str(index % 6), "blind", 0.0) for index in range(60)]
    lone = [LabelledDifference(0.0, "x", "another", -60.0)] * 20
    with_lone, without = (rectified_with_wealth(items, UNKNOWN_LEAN, 0.0) for items in (blind + lone, blind))
    assert with_lone == without


def test_a_night_whose_items_a_challenger_was_scored_on_says_nothing_to_it(place: Place) -> None:
    place.reviewed((0, 90), 2, NO_DRAFT)
    born = mark(place.record)
    place.finished("before", Lean(0.5, 0.1))
    place.reviewed((0, 90), 2, NO_DRAFT)
    place.finished("since", Lean(0.1, 0.1))
    with place.record.read() as store:
        assert store.nights.leans(born) == [Lean(0.5, 0.1)]
        assert store.nights.leans(store.watermark()) == [Lean(0.5, 0.1), Lean(0.1, 0.1)]


def test_accepted_drafts_say_nothing(place: Place) -> None:
    place.reviewed((0, 90), 6, NO_DRAFT)
    place.reviewed((0, 60), 3, CHAMPION, kind="accept")
    evaluation = place.evaluated(place.night())
    assert evaluation.lean is None
    assert evaluation.contenders[0].primary.n == 6


# what is shown -------------------------------------------------------------------------------------------------------


def rectified_report() -> Report:
    night = made_up_night.report()
    (scores,), (entry,) = night.evaluation.contenders, night.decisions
    labelled = scores.primary
    primary = replace(labelled, effect=9.5, low=5.0, high=14.0, mean_new=None, mean_old=None, labelled_effect=6.25)
    drafts = DraftEffects(
        labelled=replace(labelled, effect=6.25),
        by_source={"blind": replace(labelled, n=8, effect=10.5), "champion": replace(labelled, n=33, effect=5.25)},
        rectified=True,
        lean=GatheredLean(12, 0.08, 0.02),
        most=4.375,
        asked_blind=0.2,
    )
    evaluation = replace(night.evaluation, contenders=(replace(scores, primary=primary, drafts=drafts),))
    decision = replace(entry, decision=replace(entry.decision, comparison=primary))
    return replace(night, evaluation=evaluation, decisions=(decision,))


def test_the_report_says_what_drafts_did() -> None:
    night = rectified_report()
    page = html.unescape(render(night))
    assert "rectified for drafts; +6.2 as labelled" in page
    rows = contender_slices(night, "candidate")["Fresh items that decide, by what their label was made from"]
    assert [(row.name, row.n, row.effect) for row in rows] == [
        ("Without a draft", 8, 10.5),
        ("From the champion’s draft", 33, 5.25),
    ]
    for sentence in (
        "the effect is +10.5 on 8 made without a draft, +5.2 on 33 made from the champion's draft.",
        "those of 12 nights before show of that, the effect moves by +3.2, from +6.2 to +9.5.",
        "Of 41 labels 8 were made without a draft, fewer than the 20 % asked for: the effect as labelled leans",
        "by 4.4 points at most",
    ):
        assert sentence in page and sentence in summary(night)
    assert "rectified from +6.2 as labelled" in " ".join(reasons(night.decisions[0].decision))


def test_labels_that_favour_the_contender_are_not_said_to_lean_towards_the_champion() -> None:
    scores = rectified_report().evaluation.contenders[0]
    assert scores.drafts is not None
    *_, last = draft_sentences(replace(scores.drafts, most=0.0), scores.primary)
    assert last.endswith("than the 20 % asked for; on the whole they don't lean towards the champion.")


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_two_models_whose_titles_are_alike_good_are_told_apart_by_nobody_s_drafts(share: float) -> None:
    items = [_titled(index, share) for index in range(200)]
    comparison = title_comparison(ModelScores(7), CANDIDATE, CHAMPION, items)
    assert comparison is not None
    if share:
        assert abs(comparison.effect or 0.0) < 2 and comparison.n == 50, "blind labels decide alone"
    else:
        assert comparison.n == 0, "the champion's drafts alone tell nothing, and nothing is not passed"


def test_drafts_of_either_model_take_each_other_s_titles_lean_out() -> None:
    """As labelled, a model with other words as good as the champion's loses 25 percent of them."""
    drafted = [_titled(index, 0.0) for index in range(100)]
    own = [
        replace(each, source="another", title_difference=(each.title_difference or 0.0) + 100.0, title_advantage=-50.0)
        for each in drafted[:40]
    ]
    comparison = title_comparison(ModelScores(7), CANDIDATE, CHAMPION, [*drafted, *own])
    assert comparison is not None
    assert (abs(comparison.effect or 0.0) < 2, comparison.n) == (True, 140)


def _titled(index: int, blind: float) -> ComparedItem:
    """Each model has half of the right words; the champion's draft is left as it was."""
    item = Item("fresh", replace(label(), channel=str(index % 12)))
    is_blind, noise = index % 4 < 4 * blind, float(index % 5 - 2)
    if is_blind:
        return ComparedItem(item, "blind", 0.0, 0.0, title_difference=noise)
    return ComparedItem(item, "champion", 0.0, 0.0, title_difference=noise - 50, title_advantage=50.0 - noise / 10)


def test_a_judge_has_no_say_in_what_is_rectified() -> None:
    """What it follows is the labels as they are."""
    assert powered_comparison(cast(Judging, ...), replace(NOTHING, labelled_effect=1.0)) == (
        None,
        JudgeSay("rectified"),
    )
