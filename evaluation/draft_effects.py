"""The comparison that decides, where reviewers saw drafts: by what labels were made from, rectified by their lean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from errata.database.record import Record
from errata.documents.comparison import Comparison
from errata.documents.draft_effects import DraftEffects, GatheredLean, LabelSource, Lean
from errata.documents.params import GateParams
from errata.domain.chapter import canonical
from errata.domain.correction import NO_DRAFT, Label, same_chapters
from errata.domain.prediction import Prediction
from evaluation.items import Item, Question, ScoredAnswer, f1_alone
from evaluation.metrics.score import title_f1
from evaluation.model_scores import ModelScores
from evaluation.statistics.betting import with_wealth
from evaluation.statistics.rectified import (
    UNKNOWN_LEAN,
    DraftCells,
    DraftSource,
    LabelledDifference,
    PooledLean,
    counted_items,
    lean_bounds,
    measure_lean,
    pool_leans,
    rectified_comparison,
    rectified_differences,
)

_DRAWN: dict[LabelSource, DraftSource] = {"blind": "blind", "champion": "champion", "another": "another"}
"""Sources that are drawn by chance; the others say nothing of the lean."""


@dataclass(frozen=True, slots=True)
class ComparedItem:
    """An item that contender and champion answered."""

    item: Item
    source: LabelSource
    difference: float
    """Contender minus champion, in points of F1."""
    advantage: float
    """F1 of the champion's answer against the draft, minus the contender's. 0 where there was none; where nobody knows,
    as if the champion had drafted."""
    is_own_draft: bool = False
    """Whether the reviewer was shown the contender's own answer, whatever name a file gives it."""
    title_difference: float | None = None
    """The same of the words of titles, in percent; None where the label has no title."""
    title_advantage: float = 0.0

    @property
    def as_drawn(self) -> LabelledDifference:
        source = _DRAWN.get(self.source, "undrawn")
        advantage = 0.0 if source == "undrawn" else self.advantage
        return LabelledDifference(self.difference, self.item.cluster, source, advantage)

    @property
    def titles_as_drawn(self) -> LabelledDifference:
        """Of an item whose label has titles."""
        advantage = self.title_advantage if self.source in _DRAWN else 0.0
        return replace(self.as_drawn, difference=self.title_difference or 0.0, advantage=advantage)


def label_source(label: Label, draft: Prediction | None, champion: str) -> LabelSource:
    """`draft` is what the label's correction is held against: the draft, if it is by whom the correction names."""
    if label.kind == "reference":
        return "reference"
    if label.draft_by == NO_DRAFT:
        return "blind"
    if label.draft_by is None or draft is None or not (draft.foreign or draft.model == label.draft_by):
        return "unknown"
    return "champion" if label.draft_by == champion else "another"


def labelled_items(
    record: Record, scores: ModelScores, contender: str, champion: str, items: Sequence[Item]
) -> list[ComparedItem]:
    """Of models by identity, which have answered all of the items."""
    labelled = []
    with record.read() as store:
        drafts = store.predictions.read_all(item.label.prediction for item in items)
        for item, new, old in zip(items, scores.of(contender, items), scores.of(champion, items), strict=True):
            draft = drafts.get(item.label.prediction or 0)
            source, advantage = label_source(item.label, draft, champion), 0.0
            is_own_draft, title_advantage = item.label.draft_by == contender, 0.0
            if source not in ("blind", "reference"):
                shown = old.prediction if draft is None or source == "unknown" else draft
                transcript = store.transcripts.read(item.label.transcript)
                right = canonical(shown.chapters, transcript).chapters
                question = Question(item, right, transcript.duration, transcript.unit)
                is_own_draft |= source == "another" and same_chapters(shown.chapters, new.prediction.chapters)
                advantage = f1_alone(question, old.prediction.chapters) - f1_alone(question, new.prediction.chapters)
                title_advantage = _title_f1(question, old) - _title_f1(question, new)
            titles = None
            if new.score.title_f1 is not None and old.score.title_f1 is not None:
                titles = new.score.title_f1 - old.score.title_f1
            difference = new.score.f1 - old.score.f1
            labelled.append(ComparedItem(item, source, difference, advantage, is_own_draft, titles, title_advantage))
    return labelled


def _title_f1(question: Question, answer: ScoredAnswer) -> float:
    return title_f1(question.reference, answer.prediction.chapters, question.duration) or 0.0


def title_comparison(
    scores: ModelScores, contender: str, champion: str, labelled: Sequence[ComparedItem]
) -> Comparison | None:
    """Of the words of titles; None where no label has any. Who edits a draft leaves its titles standing, too: where
    drafts were shown it is rectified by these items alone, and where they don't tell how far they lean, what either
    model drafted is left out. Else any model that puts things otherwise than the champion would lose its titles."""
    titled = [each for each in labelled if each.title_difference is not None]
    if not titled:
        return None
    usable = [each for each in titled if each.source in _DRAWN or not each.is_own_draft]
    if any(each.source in ("champion", "another") for each in titled):
        rectified = rectified_comparison([each.titles_as_drawn for each in usable], UNKNOWN_LEAN)
        if rectified is not None:
            return rectified
    others = [each.item for each in titled if each.source != "champion" and not each.is_own_draft]
    return scores.titles(contender, champion, others)


def night_lean(labelled: Sequence[ComparedItem]) -> Lean | None:
    """What one night's items say of the lean; None where they don't tell it."""
    value, se = measure_lean(DraftCells.of([each.as_drawn for each in labelled]))
    return Lean(float(value), float(se)) if math.isfinite(float(se)) else None


def pooled_lean(leans: Sequence[Lean]) -> PooledLean:
    if not leans:
        return UNKNOWN_LEAN
    return pool_leans(np.array([lean.value for lean in leans]), np.array([lean.se for lean in leans]))


def primary_comparison(
    scores: ModelScores,
    contender: str,
    champion: str,
    labelled: Sequence[ComparedItem],
    leans: Sequence[Lean],
    gate: GateParams,
) -> tuple[Comparison, DraftEffects]:
    """The comparison that decides, and what it was made of. Rectified where a draft is known to have been shown and
    something tells how far labels lean; else every label counts as it is, as it did before anybody asked, but for those
    made from the contender's own drafts: the verdict may lean towards the champion, never towards the contender."""
    as_they_are = scores.primary(contender, champion, [each.item for each in labelled], gate.min_effect)
    by_source = {}
    for source in get_args(LabelSource):
        alike = [each.item for each in labelled if each.source == source]
        if alike:
            by_source[source] = scores.compare(contender, champion, alike)
    # Its own draft by name alone has no advantage that could be taken off again.
    usable = [each for each in labelled if each.source in _DRAWN or not each.is_own_draft]
    lean, drawn = pooled_lean(leans), [each.as_drawn for each in usable]
    mean_advantage = math.fsum(each.advantage for each in labelled) / max(len(labelled), 1)
    drafted = any(each.source in ("champion", "another") for each in labelled)
    rectified = rectified_with_wealth(drawn, lean, gate.min_effect) if drafted else None
    _, high = lean_bounds(drawn, lean)
    effects = DraftEffects(
        labelled=as_they_are,
        by_source=by_source,
        rectified=rectified is not None,
        lean=_gathered(lean, len(leans)),
        most=max(0.0, high * mean_advantage) if math.isfinite(high) else None,
        asked_blind=gate.blind_share,
    )
    if rectified is not None:
        return replace(rectified, labelled_effect=as_they_are.effect), effects
    others = [each.item for each in labelled if not each.is_own_draft]
    if len(others) == len(labelled):
        return as_they_are, effects
    return scores.primary(contender, champion, others, gate.min_effect), effects


def rectified_with_wealth(
    drawn: Sequence[LabelledDifference], lean: PooledLean, min_effect: float
) -> Comparison | None:
    """`rectified_comparison`, with what those would have who bet on the items that count. They take the lean at the end
    of its interval that is against them: the t test has its error, a wealth has none. Which end that is depends on
    whose drafts were shown: a lean takes from the contender where the champion drafted, and gives where it did itself.
    """
    comparison = rectified_comparison(drawn, lean)
    if comparison is None:
        return None
    counted = counted_items(drawn, lean)
    ends = [
        with_wealth(comparison, rectified_differences(counted, end), min_effect) for end in lean_bounds(drawn, lean)
    ]
    return replace(
        comparison,
        better_wealth=min(end.better_wealth or 0.0 for end in ends),
        worse_wealth=min(end.worse_wealth or 0.0 for end in ends),
    )


def _gathered(lean: PooledLean, nights: int) -> GatheredLean | None:
    return GatheredLean(nights, float(lean.value), math.sqrt(float(lean.variance))) if lean.precision > 0 else None
