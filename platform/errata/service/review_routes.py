"""The review page: the queue, one item, and what the item's script asks for. The work is `operations.review_desk`'s."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from errata.domain.clock import clock
from errata.domain.transcript import Unit
from errata.files import JsonObject
from errata.operations.review_desk import (
    discard_draft,
    hand_in,
    hold_item,
    item_heading,
    open_item,
    release_item,
    save_draft,
)
from errata.operations.review_queue import claim_next, review_queue
from errata.service.guards import CONTENT_SECURITY_POLICY
from errata.service.identity import Identity, needs
from errata.service.page_filters import origin
from errata.service.pages import STATIC, page
from errata.service.review_shapes import (
    HandInShape,
    HoldShape,
    PageShape,
    WorkShape,
    draft_json,
    hold_json,
    item_json,
)
from errata.service.row_number import RowNumber
from errata.service.service_state import state
from errata.wording.review_sentences import review_reason_phrase

router = APIRouter(prefix="/review", include_in_schema=False)
ReviewerIdentity = Annotated[Identity, Depends(needs("reviewer", audited=False))]
"""Not audited: submissions say who did what, and heartbeats are nobody's doing."""
MODULES = sorted(path.name for path in (STATIC / "review").glob("*.js"))
"""Of the page's script: named in its head, so that the browser asks for all of them at once."""
DONE_WORDS = {"edit": "corrected", "accept": "accepted", "reject": "rejected", "skip": "skipped"}


@router.get("")
def queue(request: Request, reviewer: ReviewerIdentity) -> Response:
    found = review_queue(state(request).workspace, reviewer.name)
    return page(
        request,
        "review_queue.html",
        {"queue": found, "length": _length, "done": DONE_WORDS, "why": review_reason_phrase},
    )


@router.get("/next")
def next_item(request: Request, reviewer: ReviewerIdentity) -> Response:
    """To the item that comes next, which is the reviewer's from then on; to the queue where there is none."""
    transcript = claim_next(state(request).workspace, reviewer.name)
    return RedirectResponse("/review" if transcript is None else f"/review/{transcript}", 303)


@router.get("/{transcript}")
def item_page(request: Request, transcript: RowNumber, reviewer: ReviewerIdentity) -> Response:
    """Without the words, which the page's script asks for."""
    heading = item_heading(state(request).workspace, transcript, reviewer.name)
    values = {
        "item": f"/review/{transcript}",
        "stream": "",
        "name": heading.title or heading.external_id,
        "about": origin(heading.title, heading.channel, heading.external_id),
        "length": _length(heading.duration, heading.unit),
        "why": review_reason_phrase(heading.reason),
        "blind": heading.blind,
        "modules": MODULES,
    }
    return page(request, "review_item.html", values, headers=media_policy(heading.media))


@router.get("/{transcript}/data")
def item_data(request: Request, transcript: RowNumber, reviewer: ReviewerIdentity) -> Response:
    item = open_item(state(request).workspace, transcript, reviewer.name)
    text = json.dumps(item_json(item), ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(errors="replace"), media_type="application/json")


@router.put("/{transcript}/draft")
def save(request: Request, transcript: RowNumber, sent: WorkShape, reviewer: ReviewerIdentity) -> JsonObject:
    workspace = state(request).workspace
    saved = save_draft(workspace, transcript, reviewer.name, sent.page, sent.goes_on_from, sent.content())
    return draft_json(saved)


@router.post("/{transcript}/hold")
def hold(request: Request, transcript: RowNumber, sent: HoldShape, reviewer: ReviewerIdentity) -> JsonObject:
    return hold_json(
        hold_item(state(request).workspace, transcript, reviewer.name, sent.page, take_over=sent.take_over)
    )


@router.post("/{transcript}/release", status_code=204)
def release(request: Request, transcript: RowNumber, sent: PageShape, reviewer: ReviewerIdentity) -> None:
    release_item(state(request).workspace, transcript, reviewer.name, sent.page)


@router.post("/{transcript}/discard", status_code=204)
def discard(request: Request, transcript: RowNumber, sent: PageShape, reviewer: ReviewerIdentity) -> None:
    discard_draft(state(request).workspace, transcript, reviewer.name, sent.page)


@router.post("/{transcript}/hand-in")
def submit(request: Request, transcript: RowNumber, sent: HandInShape, reviewer: ReviewerIdentity) -> JsonObject:
    workspace = state(request).workspace
    done = hand_in(workspace, transcript, reviewer.name, sent.work())
    return {
        "submission": done.submission.number,
        "new": done.new,
        "kind": done.kind,
        "colleagues": [
            {
                "reviewer": colleague.reviewer,
                "kind": colleague.kind,
                "chapters": [chapter.as_json() for chapter in colleague.chapters],
            }
            for colleague in done.colleagues
        ],
        "next": None if sent.action == "flag" else claim_next(workspace, reviewer.name),
    }


def _length(duration: float, unit: Unit) -> str:
    return f"{duration:,.0f} words" if unit == "words" else clock(duration)


def media_policy(media: str) -> dict[str, str]:
    """The page's policy lets it play from https alone; a recording in the house may be at an address of http."""
    parts = urlsplit(media)
    if parts.scheme != "http":
        return {}
    allowed = CONTENT_SECURITY_POLICY.replace("media-src 'self'", f"media-src 'self' http://{parts.netloc}")
    return {"Content-Security-Policy": allowed}
