"""The application: wiring, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from errata import __version__
from errata.database.record import Record
from errata.operations.service_keys import pepper
from errata.service import (
    chapters_routes,
    correction_routes,
    dashboard_conflicts,
    dashboard_releases,
    dashboard_routes,
    health,
    process_transcript,
    review_routes,
    sign_in,
    stream_review_routes,
    stream_routes,
)
from errata.service.canary_watch import CanaryWatch
from errata.service.chapter_answers import ChapterAnswers
from errata.service.disk_sync import sync_milliseconds
from errata.service.followed_model import Command, FollowedModel, by_alias
from errata.service.guards import Audit, HostCheck, RequestCheck, SecurityHeaders
from errata.service.known_calibrations import KnownCalibrations
from errata.service.known_keys import KnownKeys
from errata.service.live_models import THE_CANARY, LiveModels
from errata.service.log_upkeep import keep_log_short
from errata.service.model_process import worker_command
from errata.service.pages import STATIC
from errata.service.problems import add_problems
from errata.service.rates import Rates
from errata.service.record_writer import RecordWriter
from errata.service.service_metrics import MeasuredRequests, ServiceMetrics
from errata.service.service_settings import ServiceSettings
from errata.service.service_state import ServiceState
from errata.service.shadow import Shadow, idly
from errata.service.stream_looks import StreamLooks
from errata.workspace import Workspace

ROUTERS = (  # whose paths are tried in this order: programs ask most
    chapters_routes.router,
    correction_routes.router,
    process_transcript.router,
    stream_routes.router,
    health.router,
    sign_in.router,
    stream_review_routes.router,
    review_routes.router,
    dashboard_routes.router,
    dashboard_conflicts.router,
    dashboard_releases.router,
)
_OWN_HOSTS = ("localhost", "127.0.0.1", "::1")


def make_app(workspace: Workspace, settings: ServiceSettings, command: Command = worker_command) -> FastAPI:
    """The service over a workspace; nothing is started or opened before its lifespan begins. `command` starts the
    process of a model."""
    record = workspace.record
    service = _state(workspace, settings, command)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.sync_ms = await asyncio.to_thread(sync_milliseconds, workspace.root)
        service.writer.start()
        service.models.start()
        service.canary.start()
        service.shadow.start()
        service.answers.start()
        service.looks.start()
        upkeep = asyncio.create_task(keep_log_short(record, service.metrics))
        yield
        upkeep.cancel()
        service.leaving = True
        await service.looks.stop()
        await service.answers.stop()
        await service.shadow.stop()
        await service.canary.stop()
        await service.models.stop()
        await service.writer.stop()

    app = FastAPI(
        title="Errata", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan, redirect_slashes=False
    )
    app.state.service = service
    add_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Audit, record=record)  # the one that is added last comes first
    app.add_middleware(RequestCheck, settings=settings)
    app.add_middleware(HostCheck, hosts=(*_OWN_HOSTS, settings.host, *settings.allow_hosts))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(MeasuredRequests, metrics=service.metrics)
    if settings.proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.proxies))
    return app


def _state(workspace: Workspace, settings: ServiceSettings, command: Command) -> ServiceState:
    record = workspace.record
    metrics = ServiceMetrics()
    durable = Record(workspace.settings.database_url, workspace.root / "blobs", settings.durability, moves_log=False)
    writer = RecordWriter(durable, metrics.commits.observe)
    keys = KnownKeys(record, writer, pepper(workspace), settings.session_limits)
    models = LiveModels(
        FollowedModel(
            record,
            workspace.models,
            by_alias(settings.alias),
            settings.queue,
            command,
            spare=command is worker_command,
        ),
        FollowedModel(record, workspace.models, THE_CANARY, settings.queue, command),
    )
    challenger = FollowedModel(record, workspace.models, by_alias("challenger", rests=True), 1, idly(command))
    shadow = Shadow(record, writer, models, challenger, settings.shadow_share)
    answers = ChapterAnswers(record, writer, models, shadow, settings.answer_seconds)
    idle = timedelta(minutes=settings.stream_idle_minutes)
    return ServiceState(
        workspace=workspace,
        settings=settings,
        record=record,
        keys=keys,
        rates=Rates(),
        metrics=metrics,
        writer=writer,
        models=models,
        canary=CanaryWatch(record, writer, models),
        shadow=shadow,
        answers=answers,
        looks=StreamLooks(record, writer, models, answers, idle, settings.answer_seconds),
        calibrations=KnownCalibrations(workspace),
    )
