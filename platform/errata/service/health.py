"""Whether the service lives, whether it can answer, and what it has been doing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from errata.database.record import Durability
from errata.domain.canary import CanaryEnding
from errata.errors import ErrataError
from errata.service.followed_model import by_alias
from errata.service.identity import KeyHolder
from errata.service.service_state import ServiceState, state
from errata.wording.canary_sentences import canary_sentence

router = APIRouter(tags=["health"])


class CanaryReadiness(BaseModel):
    """The canary that runs, or the one that ended last."""

    model: str
    share: float
    """Of the talks that it answers now; 0 once it has ended."""
    speaks: bool
    """Whether its process answers; while it doesn't, the champion does."""
    why: str
    """Why it doesn't speak, a sentence; empty where it does, or has ended."""
    ended: CanaryEnding | None
    """None while it runs."""
    says: str
    """How it stands, in words."""


class Readiness(BaseModel):
    ready: bool
    why: str
    """What is wrong, a sentence each; empty where all is well."""
    model: str
    """The version that speaks: the sha256 of its manifest. Empty where none does."""
    champion: str
    """The version that should speak, as the registry's alias names it."""
    in_flight: int
    """Requests that wait for the model."""
    jobs: int
    """That wait."""
    restarts: int
    """How often a model's process that ended by itself was replaced."""
    durability: Durability
    """What an answer that was given outlives: a power cut too, or the end of any process."""
    sync_ms: float
    """What a sync of the record's disk took when the service started."""
    canary: CanaryReadiness | None = None
    """None where there never was one."""


@router.get("/healthz")
async def health() -> dict[str, str]:
    """That the service answers at all."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readiness(request: Request) -> Response:
    """Whether it can answer, by which model, and what it promises."""
    service = state(request)
    model, fault = service.models.champion.state, await _record_fault(service)
    why = [sentence for sentence in (fault, model.refused) if sentence]
    if not model.speaks and not why:
        why = ["the model loads" if model.wanted else by_alias(service.settings.alias).missing]
    ready = Readiness(
        ready=bool(model.speaks) and not fault,
        why="; ".join(why),
        model=model.speaks,
        champion=model.wanted,
        in_flight=service.models.in_flight,
        jobs=service.answers.waiting_jobs,
        restarts=model.restarts,
        durability=service.settings.durability,
        sync_ms=service.sync_ms,
        canary=_canary(service),
    )
    return Response(ready.model_dump_json(), 200 if ready.ready else 503, media_type="application/json")


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, _: KeyHolder) -> Response:
    """For Prometheus, with a key of any role."""
    service = state(request)
    service.metrics.observe(service.models, service.answers.waiting_jobs)
    service.metrics.observe_canary(service.canary.state)
    service.metrics.observe_streams(service.looks.running, service.looks.listeners)
    service.metrics.observe_shadow(service.shadow.counts)
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _canary(service: ServiceState) -> CanaryReadiness | None:
    found = service.canary.state
    if found is None:
        return None
    canary, process = found.canary, service.models.canary.state
    return CanaryReadiness(
        model=canary.model,
        share=canary.share if canary.is_running else 0.0,
        speaks=canary.is_running and process.speaks == canary.model,
        why=process.refused if canary.is_running else "",
        ended=None if canary.end is None else canary.end.how,
        says=canary_sentence(canary, found.counts, found.evidence),
    )


async def _record_fault(service: ServiceState) -> str:
    try:
        await service.read(lambda store: store.watermark())
        service.record.check_writable()
    except ErrataError as error:
        return str(error)
    return ""
