"""What ships, what shipped before, and what a release owner asks the registry's side for."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from errata.operations.canary_trial import stop_canary
from errata.operations.release_desk import (
    LONGEST_REASON,
    ReleaseDesk,
    ask_for_promotion,
    ask_for_rejection,
    ask_for_rollback,
    release_desk,
)
from errata.service.dashboard_routes import Team
from errata.service.identity import Identity, form_fields, needs
from errata.service.pages import page
from errata.service.service_state import ServiceState, state
from errata.wording.approval_sentences import promotion_sentence
from errata.wording.canary_sentences import canary_sentence
from errata.wording.gate_sentences import causes
from errata.wording.target_sentences import held_back_sentence, held_back_sentences

router = APIRouter(prefix="/dashboard/releases", include_in_schema=False)
ReleaseOwner = Annotated[Identity, Depends(needs("release owner"))]
PLACE = "/dashboard/releases"


@router.get("")
def releases(request: Request, viewer: Team) -> Response:
    service = state(request)
    desk = release_desk(service.workspace)
    values = {
        "desk": desk,
        "viewer": viewer.name,
        "canary": _canary_words(desk),
        "held": [held_back_sentence(outcome) for outcome in desk.held_exports],
        "reasons": {
            each.evidence: [causes(each.decision)[0], *held_back_sentences(each.decision)] for each in desk.promotable
        },
        "may_ask": viewer.may("release owner"),
        "mlflow": mlflow_address(service),
        "longest": LONGEST_REASON,
        "sentences": {each.number: promotion_sentence(each) for each in desk.decided},
        "waiting": any(each.state == "waiting" for each in desk.requests),
    }
    return page(request, "dashboard_releases.html", values)


@router.post("/rollback")
async def rollback_request(request: Request, owner: ReleaseOwner) -> Response:
    fields = await form_fields(request)
    workspace, champion, why = state(request).workspace, fields.get("champion", ""), fields.get("why", "")
    await run_in_threadpool(ask_for_rollback, workspace, champion, owner.name, why)
    return RedirectResponse(PLACE, 303)


@router.post("/rejection")
async def rejection_request(request: Request, owner: ReleaseOwner) -> Response:
    fields = await form_fields(request)
    workspace, evidence, why = state(request).workspace, fields.get("evidence", ""), fields.get("why", "")
    await run_in_threadpool(ask_for_rejection, workspace, evidence, owner.name, why)
    return RedirectResponse(PLACE, 303)


@router.post("/promotion")
async def promotion_request(request: Request, owner: ReleaseOwner) -> Response:
    fields = await form_fields(request)
    workspace, evidence, why = state(request).workspace, fields.get("evidence", ""), fields.get("why", "")
    await run_in_threadpool(ask_for_promotion, workspace, evidence, owner.name, why)
    return RedirectResponse(PLACE, 303)


@router.post("/canary/stop")
async def canary_stop(request: Request, owner: ReleaseOwner) -> Response:
    """At once, since it moves no alias."""
    fields = await form_fields(request)
    await run_in_threadpool(stop_canary, state(request).workspace, owner.name, fields.get("why", ""))
    return RedirectResponse(PLACE, 303)


def _canary_words(desk: ReleaseDesk) -> str:
    trial = desk.canary
    return "" if trial is None else canary_sentence(trial.canary, trial.counts, trial.evidence)


def mlflow_address(service: ServiceState) -> str:
    """Where a browser finds the registered model; empty where MLflow has no address, but a file."""
    settings = service.workspace.settings
    address = urlsplit(service.settings.mlflow_page or settings.mlflow_uri)
    if address.scheme not in ("http", "https") or not address.hostname:
        return ""
    host = address.netloc.rpartition("@")[2]  # without a password
    return f"{address.scheme}://{host}{address.path.rstrip('/')}/#/models/{quote(settings.model_name, safe='')}"
