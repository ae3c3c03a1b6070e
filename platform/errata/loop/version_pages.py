"""The pages of versions in MLflow, from what the record and the nights hold; those that a move or an approval is about
are written anew before MLflow is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from errata.database.shipping import ALIASES
from errata.database.tables import MoveRow
from errata.documents.file_names import REPORT_PAGE
from errata.documents.params import TARGETS, Target
from errata.errors import BadInput, NotFound, Refused
from errata.inference.artefact import model_folder
from errata.loop.model_papers import model_facts
from errata.progress import note
from errata.workspace import Workspace
from registry.models import ModelRegistry
from registry.papers.model_facts import ModelFacts
from registry.papers.release_history import ReleaseHistory
from registry.papers.version_page import version_page

TARGET_OF: Mapping[str, Target] = {target: target for target in TARGETS}
"""By alias."""


def write_page(workspace: Workspace, registry: ModelRegistry, facts: ModelFacts) -> str:
    """What the page of a model's version says now, in Markdown."""
    with workspace.record.read() as store:
        history = ReleaseHistory.of(facts.identity, store.aliases.moves(), store.pending_promotions.all())
    history = replace(history, versions=registry.version_numbers(history.others))
    run = registry.runs.find_night(facts.verdict.night) if facts.verdict else ""
    return version_page(facts, history, registry.runs.place(run, REPORT_PAGE) if run else "")


def update_pages(workspace: Workspace) -> None:
    """Of every model that MLflow is still to be told something of. The caller holds the loop's lease, and tells MLflow
    afterwards: a process that dies in between leaves all of it to be told again.

    A model whose facts are broken here keeps the page that it has, which is said. Raises Unavailable where MLflow
    can't be reached.
    """
    with workspace.record.read() as store:
        moves = store.aliases.moves()
        changed = [move for move in moves if not move.applied and move.alias in ALIASES]
        models = {model for move in changed for model in (move.model, move.previous) if model}
        models |= {promotion.model for promotion in store.pending_promotions.untold()}
    registry = ModelRegistry.of(workspace)
    for model in sorted(models):
        source, target = _made_from(model, moves)
        try:
            folder = model_folder(model, workspace.models)
            page = write_page(workspace, registry, model_facts(workspace, folder, source, target))
            registry.describe(model, folder, page)
        except (BadInput, NotFound, Refused) as problem:
            note(f"the page of {model[:16]} in MLflow stays as it was: {problem}")


def _made_from(model: str, moves: Sequence[MoveRow]) -> tuple[str, Target | None]:
    """The trained model, and as what it was exported from that; of a trained model itself, it and None."""
    champion = ""
    for move in moves:
        if move.alias == "champion":
            champion = move.model
        elif move.alias in TARGET_OF and move.model == model:  # what ships as a target is the champion's
            return champion, TARGET_OF[move.alias]
    return model, None
