"""Continue or retrain? Most candidates go on from the champion; now and then one is trained from base beside, which
measures what a chain of updates has drifted from."""

from __future__ import annotations

from collections.abc import Sequence

from errata.documents.night import CandidateKind, CandidateStart, Night
from errata.documents.outcome import Outcome
from errata.documents.params import Recipe
from errata.errors import BadInput, NotFound
from errata.progress import note
from errata.workspace import Workspace

_STARTS: dict[CandidateKind, tuple[CandidateStart, ...]] = {
    "continue": ("champion",),
    "fresh": ("base",),
    "both": ("champion", "base"),
}
_NAMES: dict[CandidateStart, str] = {"champion": "the champion", "base": "base"}


def candidate_starts(
    workspace: Workspace, label: str, kind: CandidateKind | None, place_taken: bool, is_day0: bool
) -> tuple[CandidateStart, ...]:
    """What each of the night's candidates goes on from. A night that was begun keeps what it began with; `kind` is what
    somebody asks for; `place_taken` says that tonight's candidate is not tested, since another waits; `is_day0` that
    the champion is Day-0, from which both kinds are one and the same."""
    begun = _begun(workspace, label)
    if begun:
        if kind and begun not in (_STARTS[kind], _alike(_STARTS[kind], is_day0)):
            names = " and one from ".join(_NAMES[start] for start in begun)
            note(f"the night {label} began with a candidate from {names} and keeps it")
        return begun
    if kind:
        return _alike(_STARTS[kind], is_day0)
    with workspace.record.read() as store:
        outcomes = [row.outcome for row in store.nights.all() if row.finished]
    recipe = workspace.params().train
    if recipe.start == "base" or not is_fresh_due(outcomes, recipe, place_taken):
        return (recipe.start,)
    return _alike(_STARTS["both"], is_day0)


def _alike(starts: tuple[CandidateStart, ...], is_day0: bool) -> tuple[CandidateStart, ...]:
    """Of two that would be the same model, the one that it is called by."""
    return ("base",) if is_day0 and len(starts) > 1 else starts


def is_fresh_due(outcomes: Sequence[Outcome], recipe: Recipe, place_taken: bool) -> bool:
    """Whether so many nights made candidates since the last that made one from base that tonight should. It waits for a
    night on which the candidate is tested: a kind that is only ever shown answers nothing."""
    if not recipe.fresh_every or place_taken:
        return False
    fresh = ["base" in (outcome.candidate_start, outcome.passed_over) for outcome in outcomes if outcome.candidate]
    since = next((place for place, made in enumerate(reversed(fresh)) if made), len(fresh))
    return since >= recipe.fresh_every - 1


def _begun(workspace: Workspace, label: str) -> tuple[CandidateStart, ...]:
    """Nothing where the night was not begun, or by an older Errata."""
    try:
        night = Night.read(workspace.root)
    except (NotFound, BadInput):  # the first night, or a file that somebody damaged: it is about to be written anew
        return ()
    starts = night.starts or (night.start,)
    return starts if night.label == label and all(starts) else ()
