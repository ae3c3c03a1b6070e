"""Scores of any system's text segmentations, from one file of segment masses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.formats.fields import listing, mapping
from errata.formats.json_files import read_json
from evaluation.metrics import segmentation
from evaluation.metrics.score import means

N_T = 2
"""Near misses are less than this many units apart: segeval's default."""
MOST = 2**53
"""Units that a text may have: up to here, shares of them are exact."""

_NO_WINDOW = "the window is as long as the text (2 units), so that none fits"


@dataclass(frozen=True, slots=True)
class MassScores:
    pairs: Mapping[str, Mapping[str, float | None]]
    """Scores by id; each is 0 to 1, as segeval gives it, or None where it isn't defined."""
    mean: Mapping[str, float | None]
    left_out: Mapping[str, int]
    """By metric, for how many pairs it isn't defined, if for any."""
    not_defined: Mapping[str, Mapping[str, str]]
    """By id and metric, why it isn't."""
    n_t: int


def score_masses(path: Path) -> MassScores:
    """`path` holds a list of `{"id", "ref_masses", "hyp_masses"}`, or `{"pairs": [...]}` (further keys are ignored).

    Masses are the units in each segment, whole numbers from 1. See `evaluation.metrics.segmentation`.

    Raises BadInput, naming file and pair, for what can't be used.
    """
    scores = {name: _score(f"{path}, pair {name!r}", *masses) for name, masses in _pairs(path).items()}
    mean, left_out = means(list(scores.values()))
    not_defined: dict[str, dict[str, str]] = {}
    for name, pair in scores.items():
        if None in pair.values():
            not_defined[name] = {metric: _NO_WINDOW for metric, score in pair.items() if score is None}
    return MassScores(scores, mean, left_out, not_defined, N_T)


def _score(where: str, reference: list[int], hypothesis: list[int]) -> dict[str, float | None]:
    try:
        errors = segmentation.window_errors(reference, hypothesis)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    similarity = segmentation.boundary_similarity(reference, hypothesis, N_T)
    return {"pk": errors.pk, "windowdiff": errors.windowdiff, "boundary_similarity": similarity}


def _pairs(path: Path) -> dict[str, tuple[list[int], list[int]]]:
    value = read_json(path)
    rows = mapping(value, str(path)).get("pairs") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not rows:
        raise BadInput(f'{path} must hold a list of {{"id", "ref_masses", "hyp_masses"}}, one or more of them')
    pairs: dict[str, tuple[list[int], list[int]]] = {}
    for number, row in enumerate(rows, start=1):
        pair = mapping(row, f"{path}, pair {number}")
        name = _name(pair.get("id"), f"{path}, pair {number}")
        if name in pairs:
            raise BadInput(f"{path} has two pairs with the id {name!r}; give each its own")
        where = f"{path}, pair {name!r}"
        reference, hypothesis = (pair.get(key) for key in ("ref_masses", "hyp_masses"))
        pairs[name] = _masses(reference, f"{where}: ref_masses"), _masses(hypothesis, f"{where}: hyp_masses")
    return pairs


def _name(name: Any, where: str) -> str:
    if isinstance(name, bool) or not isinstance(name, (str, int)):
        raise BadInput(f"{where} has no id; give it one, a text or a number")
    return str(name)


def _masses(value: Any, what: str) -> list[int]:
    masses = listing(value, what)
    if not masses:
        raise BadInput(f"{what} is a list of nothing; give a list of whole numbers, one for each segment")
    for mass in masses:
        if type(mass) is not int or mass < 1:
            raise BadInput(f"{what} holds {mass!r}; each must be a whole number of units, 1 or more")
    if sum(masses) > MOST:
        raise BadInput(f"{what} has {sum(masses)} units; count in larger ones")
    return masses
