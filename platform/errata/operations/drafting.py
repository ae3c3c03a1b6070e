"""Whose answers reviewers are shown."""

from __future__ import annotations

from dataclasses import replace

from errata.documents.params import ReviewParams
from errata.domain.draft_draw import DraftDraw
from errata.operations.model_names import resolve_model
from errata.workspace import Workspace


def page_draw(workspace: Workspace, review: ReviewParams) -> DraftDraw:
    """`draft_draw` of the review page, which has a share of blind talks of its own. Raises NotFound."""
    return replace(_draw(workspace, "champion", review), blind_share=review.page_blind_share)


def draft_draw(workspace: Workspace, model: str) -> DraftDraw:
    """Among `model` and the challenger, where `model` is the champion, one waits and `review.drafts` is `random`.

    An edit of a draft leans towards the draft: with half of the drafts from each, neither has the advantage when the
    two are compared. While a canary runs, it takes the challenger's place with the talks that are drawn for it: with
    two draws at once, neither comparison would be that of all talks. Raises NotFound.
    """
    return _draw(workspace, model, workspace.params().review)


def _draw(workspace: Workspace, model: str, review: ReviewParams) -> DraftDraw:
    models: tuple[str, ...]
    identity = resolve_model(workspace, model)
    with workspace.record.read() as store:
        champion, challenger = (store.aliases.model_of(alias) for alias in ("champion", "challenger"))
        canary = store.canaries.running() if identity == champion else None
    models = (identity,)
    if challenger is not None and identity == champion and review.drafts == "random" and canary is None:
        models = (identity, challenger)
    return DraftDraw(models, review.blind_share, canary)
