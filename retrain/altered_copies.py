"""Altered copies of rows, for what transcripts meet in the wild (`retrain.alterations`). A copy's chapters stay true to
its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from errata.documents.params import AlterationName, AugmentParams
from errata.domain.hashing import canonical_json
from errata.domain.transcript import Transcript
from retrain.alterations import ALTERATIONS
from retrain.training_rows import TrainingRow, chapters_json

BY_SHARE: tuple[AlterationName, ...] = ("begun late", "unpunctuated")
"""Between which `augment.share` draws where no alteration has a share of its own."""


def augment(rows: Sequence[TrainingRow], params: AugmentParams) -> list[TrainingRow]:
    """`rows` with altered copies of some after them."""
    return [*rows, *(copy for row in rows for copy in copies(row, params))]


def copies(row: TrainingRow, params: AugmentParams) -> list[TrainingRow]:
    """A row's altered copies; which and how follows from `params` and from what the row says, whenever it came and
    whatever rows stand around it. Of a chat none: each alteration keeps chapters true, and what viewers wrote answers
    the very words that were said."""
    if row.task != "chapters":
        return []
    if not params.alterations:
        return _copy_by_share(row, params)
    limit = params.sources.get(row.source, 1.0)
    drawn = list[tuple[AlterationName, Random]]()
    for name, share in sorted(params.alterations.items()):
        chance = Random(f"{row.draw(params.seed)} {name}")  # its own: no alteration's draw hangs on another's share
        if chance.random() < share * limit:
            drawn.append((name, chance))
    Random(row.draw(params.seed)).shuffle(drawn)
    made = (_copy(row, name, chance, params.seed) for name, chance in drawn)
    return [copy for copy in made if copy is not None][: params.copies]


def _copy_by_share(row: TrainingRow, params: AugmentParams) -> list[TrainingRow]:
    chance = Random(row.draw(params.seed))
    if chance.random() >= params.share * params.sources.get(row.source, 1.0):
        return []
    copy = _copy(row, chance.choice(BY_SHARE), chance, params.seed)
    return [] if copy is None else [copy]


def _copy(row: TrainingRow, name: AlterationName, chance: Random, seed: int) -> TrainingRow | None:
    """None where there was nothing to alter: such a copy would only count the row twice."""
    original = row.read_transcript()
    altered = ALTERATIONS[name](original, row.read_chapters(), chance)
    if altered is None or (name != "instruction" and _shown(altered[0]) == _shown(original)):
        return None
    transcript, chapters = altered
    return replace(
        row,
        text=canonical_json(transcript.as_json()),
        chapters=chapters_json(chapters),
        altered=name,
        alteration=canonical_json({"seed": seed}),
    )


def _shown(transcript: Transcript) -> list[tuple[float, float, str, str | None]]:
    """What a model may be shown of its lines."""
    return [(line.start, line.end, line.text, line.speaker) for line in transcript.lines]
