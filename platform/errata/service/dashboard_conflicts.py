"""The inbox of conflicts, and one side by side, where an adjudicator decides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from errata.domain.chapter import Chapters
from errata.errors import BadInput, ErrataError, Refused
from errata.formats import chapter_text
from errata.formats.fields import listed_chapters
from errata.operations.conflict_view import conflict_view
from errata.operations.reviewing import adjudicate_transcript, conflicts
from errata.service.identity import Identity, form_fields, needs
from errata.service.pages import page
from errata.service.row_number import RowNumber
from errata.service.service_state import state

router = APIRouter(prefix="/dashboard/conflicts", include_in_schema=False)
Adjudicator = Annotated[Identity, Depends(needs("adjudicator"))]
THIRD = "third"
"""What the form says where the right chapters are written out."""


@router.get("")
def inbox(request: Request, _: Adjudicator) -> Response:
    decided = request.query_params.get("decided", "")
    values = {"conflicts": conflicts(state(request).workspace), "decided": decided[:200]}
    return page(request, "dashboard_conflicts.html", values)


@router.get("/{transcript}")
def side_by_side(request: Request, transcript: RowNumber, _: Adjudicator) -> Response:
    return _page(request, transcript, "", "", None)


@router.post("/{transcript}")
async def decide(request: Request, transcript: RowNumber, adjudicator: Adjudicator) -> Response:
    """Back to the inbox; where it can't be decided so, the page again, with what was written."""
    fields = await form_fields(request)
    choice, written = fields.get("choice", ""), fields.get("third", "")
    workspace = state(request).workspace
    try:
        decision = _decision(choice, written)
        await run_in_threadpool(adjudicate_transcript, workspace, transcript, decision, adjudicator.name)
    except (BadInput, Refused) as error:
        return await run_in_threadpool(_page, request, transcript, choice, written, error)
    return RedirectResponse(f"/dashboard/conflicts?decided={transcript}", 303)


def _decision(choice: str, written: str) -> int | Chapters:
    """The number of the correction that is right, or the chapters that are."""
    if choice == THIRD:
        chapters = listed_chapters(chapter_text.read(written, "the third version"), "the third version")
        if not chapters:
            raise BadInput("the third version has no chapters; write a line for each, as 0:00 Title")
        return chapters
    if not (choice.isascii() and choice.isdigit() and len(choice) < 18):
        raise BadInput("no version is chosen; choose one, or write a third")
    return int(choice)


def _page(request: Request, transcript: int, choice: str, written: str, error: ErrataError | None) -> Response:
    view = conflict_view(state(request).workspace, transcript)
    values = {
        "view": view,
        "choice": choice,
        "third": written or (view.texts[-1] if view.texts else ""),
        "complaint": str(error) if error else "",
    }
    return page(request, "dashboard_conflict.html", values, error.http_status if error else 200)
