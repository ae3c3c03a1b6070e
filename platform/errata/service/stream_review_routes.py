"""The review page of a stream that runs. The work is `operations.stream_desk`'s; its events are `stream_routes`'s."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from errata.domain.clock import clock
from errata.files import JsonObject
from errata.operations.stream_desk import open_running, save_running, stream_called, watch_running
from errata.service.page_filters import origin
from errata.service.pages import page
from errata.service.review_routes import MODULES, ReviewerIdentity, media_policy
from errata.service.review_shapes import PageShape, StreamWorkShape, claims_json, draft_json, running_json
from errata.service.service_state import state

router = APIRouter(prefix="/review/streams", include_in_schema=False)


@router.get("/{stream}")
def stream_page(request: Request, stream: str, reviewer: ReviewerIdentity) -> Response:
    """Without the words, which the page's script asks for. One that has ended is an item like any other."""
    found = stream_called(state(request).workspace, stream)
    if found.transcript is not None:
        return RedirectResponse(f"/review/{found.transcript}", 303)
    values = {
        "item": f"/review/streams/{found.name}",
        "stream": found.name,
        "name": found.known.title or found.known.external_id,
        "about": origin(found.known.title, found.known.channel, found.known.external_id),
        "length": clock(found.heard),
        "why": f"runs since {found.at:%H:%M} UTC",
        "blind": False,
        "modules": MODULES,
    }
    return page(request, "review_item.html", values, headers=media_policy(found.known.media))


@router.post("/{stream}/data")
def stream_data(request: Request, stream: str, sent: PageShape, reviewer: ReviewerIdentity) -> Response:
    """What came so far; of a stream that has ended, which transcript it is."""
    workspace = state(request).workspace
    found = stream_called(workspace, stream)
    if found.state == "open":
        shown = running_json(open_running(workspace, stream, reviewer.name, sent.page))
    else:
        shown = {"became": found.transcript}
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(errors="replace"), media_type="application/json")


@router.put("/{stream}/draft")
def save(request: Request, stream: str, sent: StreamWorkShape, reviewer: ReviewerIdentity) -> JsonObject:
    workspace = state(request).workspace
    return draft_json(save_running(workspace, stream, reviewer.name, sent.page, sent.goes_on_from, sent.content()))


@router.post("/{stream}/hold")
def watch(request: Request, stream: str, sent: PageShape, reviewer: ReviewerIdentity) -> JsonObject:
    return claims_json(watch_running(state(request).workspace, stream, reviewer.name, sent.page))
