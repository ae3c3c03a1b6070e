"""The application: wiring, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from errata import __version__
from errata.operations.service_keys import pepper
from errata.service import sign_in
from errata.service.guards import Audit, BodyCheck, HostCheck, SecurityHeaders
from errata.service.known_keys import KnownKeys
from errata.service.pages import STATIC
from errata.service.problems import add_problems
from errata.service.rates import Rates
from errata.service.service_settings import ServiceSettings
from errata.service.service_state import ServiceState
from errata.workspace import Workspace

ROUTERS = (sign_in.router,)
_OWN_HOSTS = ("localhost", "127.0.0.1", "::1")


def make_app(workspace: Workspace, settings: ServiceSettings) -> FastAPI:
    """The service over a workspace; nothing is started or opened before its lifespan begins."""
    record = workspace.record
    keys = KnownKeys(record, pepper(workspace), settings.session_limits)
    service = ServiceState(workspace, settings, record, keys, Rates())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    app = FastAPI(
        title="Errata", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan, redirect_slashes=False
    )
    app.state.service = service
    add_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Audit, record=record)  # the one that is added last comes first
    app.add_middleware(BodyCheck, settings=settings)
    app.add_middleware(HostCheck, hosts=(*_OWN_HOSTS, settings.host, *settings.allow_hosts))
    app.add_middleware(SecurityHeaders)
    if settings.proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.proxies))
    return app
