"""How much of a contender's gain is likely to be luck, by what this team's past candidates came to."""

from __future__ import annotations

from collections.abc import Sequence

from errata.documents.comparison import Comparison
from errata.documents.decision import ShrunkenEffect
from evaluation.statistics.pooled import posterior
from registry.history import PastEffect

LEAST = 5
"""Past candidates: with fewer, the spread of true effects is what was believed beforehand."""


def shrunken_effect(comparison: Comparison | None, past: Sequence[PastEffect]) -> ShrunkenEffect | None:
    """`past` is of other models, each against the champion of its night. None where there is no error to shrink by."""
    if comparison is None or comparison.effect is None or not comparison.se:
        return None
    if len(past) < LEAST:
        return ShrunkenEffect(len(past), LEAST)
    believed = posterior(comparison.effect, comparison.se, [(other.effect, other.se) for other in past])
    return ShrunkenEffect(len(past), LEAST, believed.mean, believed.below_zero)
