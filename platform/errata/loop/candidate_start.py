"""Continue or retrain? Most candidates go on from the champion; now and then one is trained from base anew, which
measures what a chain of updates has drifted from."""

from __future__ import annotations

from collections.abc import Sequence

from errata.documents.night import CandidateKind, CandidateStart, Night
from errata.documents.outcome import Outcome
from errata.documents.params import Recipe
from errata.errors import BadInput, NotFound
from errata.progress import note
from errata.workspace import Workspace

_STARTS: dict[CandidateKind, CandidateStart] = {"continue": "champion", "fresh": "base"}


def candidate_start(workspace: Workspace, label: str, kind: CandidateKind | None, place_taken: bool) -> CandidateStart:
    """What the night's candidate goes on from. A night that was begun keeps what it began with; `kind` is what somebody
    asks for; `place_taken` says that tonight's candidate is not tested, since another waits."""
    begun = _begun(workspace, label)
    if begun:
        if kind and _STARTS[kind] != begun:
            note(f"the night {label} began with a candidate from {begun} and keeps it")
        return begun
    if kind:
        return _STARTS[kind]
    with workspace.record.read() as store:
        outcomes = [row.outcome for row in store.nights.all() if row.finished]
    recipe = workspace.params().train
    return "base" if is_fresh_due(outcomes, recipe, place_taken) else recipe.start


def is_fresh_due(outcomes: Sequence[Outcome], recipe: Recipe, place_taken: bool) -> bool:
    """Whether so many candidates were made since the last fresh one that tonight's should be one. It waits for a night
    on which it is tested: a kind that is only ever shown answers nothing, and the gate tests no more than before."""
    if not recipe.fresh_every or place_taken:
        return False
    starts = [outcome.candidate_start for outcome in outcomes if outcome.candidate]
    since = next((place for place, start in enumerate(reversed(starts)) if start == "base"), len(starts))
    return since >= recipe.fresh_every - 1


def _begun(workspace: Workspace, label: str) -> CandidateStart:
    try:
        night = Night.read(workspace.root)
    except (NotFound, BadInput):  # the first night, or a file that somebody damaged: it is about to be written anew
        return ""
    return night.start if night.label == label else ""
