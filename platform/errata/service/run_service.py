"""The service as a process: one, which listens until it is told to stop."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from errata.errors import Unavailable
from errata.operations.chapters_asked import check_chapters_asked
from errata.service.application import make_app
from errata.service.followed_model import Command
from errata.service.model_process import worker_command
from errata.service.service_settings import ServiceSettings
from errata.service.service_state import ServiceState
from errata.service.timely_protocol import TimelyProtocol
from errata.workspace import Workspace

_CONNECTIONS = 1000
_GRACE_SECONDS = 30


def serve(
    workspace: Workspace, settings: ServiceSettings, ready: Callable[[str], None], command: Command = worker_command
) -> None:
    """Serves until SIGINT or SIGTERM; requests that have begun are answered first. `ready` is told the address;
    `command` starts the process of a model.

    Raises Unavailable where nobody can listen there, Refused in a workspace whose models answer chats.
    """
    check_chapters_asked(workspace, "the service")
    listener = _listener(settings.host, settings.port)
    app = make_app(workspace, settings, command)
    config = uvicorn.Config(
        app,
        http=TimelyProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # make_app sees to them, for the proxies that are trusted
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    gc.freeze()  # what is loaded by now stays: else Python looks through all of it again and again, and requests wait
    host, port = listener.getsockname()[:2]
    ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    with listener, suppress(KeyboardInterrupt):  # uvicorn gives the signal on, once it has stopped
        _Server(config, app.state.service).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: ServiceState) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: those who listen to a stream are no requests to wait for."""
        self._service.leaving = True
        super().handle_exit(sig, frame)


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_CONNECTIONS)
    except OSError as error:
        raise Unavailable(
            "nothing can listen at {}:{} ({}); say another with --host or --port", host, port, error.strerror or error
        ) from error
    return listener
