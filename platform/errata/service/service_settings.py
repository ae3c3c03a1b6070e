"""How the service runs: `[service]` in `errata.toml`, over which the command line's options go. Read once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, get_args

from errata.database.access_keys import SessionLimits
from errata.database.record import Durability
from errata.documents.params import TARGETS
from errata.domain.names import meant
from errata.errors import BadInput
from errata.settings import FILE, SERVICE, service_table
from errata.workspace import Workspace


@dataclass(frozen=True)
class ServiceSettings:
    host: str = "127.0.0.1"
    port: int = 8765
    allow_hosts: tuple[str, ...] = ()
    """Names by which browsers and programs may call the service, besides `host` and this machine's own."""
    proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    durability: Durability = "full"
    """Whether an answer that was given outlives a power cut, or only the end of the process."""
    alias: str = "champion"
    """Whose model speaks: `champion`, or of an export, by its target."""
    shadow_share: float = 0.0
    """Of the talks that are answered, those that the challenger answers too, for the record alone; it takes the memory
    of another model."""
    queue: int = 32
    """Requests that may wait for the model; who comes then is told to come back."""
    body_bytes: int = 20_000_000
    json_depth: int = 32
    transcript_lines: int = 50_000
    transcript_seconds: int = 86_400
    body_seconds: int = 30
    """How long a client may take to send its request."""
    answer_seconds: int = 600
    """How long the model may take for one."""
    streams: int = 64
    """That may run at once."""
    stream_idle_minutes: int = 60
    """After which a stream of whose client nothing is heard is ended."""
    key_rate: int = 500
    """Requests a second that one key, or one address without a key, may send; twice as many at once."""
    attempt_rate: int = 20
    """Keys a minute that one address may get wrong."""
    session_idle_minutes: int = 120
    session_hours: int = 12
    mlflow_page: str = ""
    """Where a browser finds MLflow, if not at `mlflow_uri`."""

    @property
    def session_limits(self) -> SessionLimits:
        return SessionLimits(timedelta(minutes=self.session_idle_minutes), timedelta(hours=self.session_hours))


NAMES = tuple(field.name for field in fields(ServiceSettings))


def service_settings(workspace: Workspace, **options: Any) -> ServiceSettings:
    """What `errata.toml` says, and where an option isn't None, that. Raises BadInput for what is no setting, or not of
    its kind."""
    place = f"{workspace.root / FILE}: [{SERVICE}]"
    values = {name: _checked(place, name, value) for name, value in service_table(workspace.root).items()}
    given = {name: _checked("the command line", name, value) for name, value in options.items() if value is not None}
    return replace(ServiceSettings(), **(values | given))


def _checked(place: str, name: str, value: object) -> Any:
    if name not in NAMES:
        raise BadInput(f"{place} {name} is no setting{meant(name, NAMES)}; there are {', '.join(NAMES)}")
    default = getattr(ServiceSettings(), name)
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise BadInput(f"{place} {name} must be a list of texts, not {value!r}")
        return tuple(value)
    if isinstance(default, str):
        if not isinstance(value, str):
            raise BadInput(f"{place} {name} must be text, not {value!r}; put it in quotes")
        if name == "alias" and value not in ("champion", *TARGETS):
            raise BadInput(f"{place} alias is one of champion, {', '.join(TARGETS)}, not {value!r}")
        if name == "durability" and value not in get_args(Durability):
            raise BadInput(f"{place} durability is full or process, not {value!r}")
        return value
    if isinstance(default, float):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise BadInput(f"{place} {name} is {value!r}; it must be a number from 0 to 1")
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(f"{place} {name} must be a whole number, not {value!r}")
    least, most = (0, 65_535) if name == "port" else (1, 10**12)
    if not least <= value <= most:
        raise BadInput(f"{place} {name} is {value}; it must be from {least} to {most}")
    return value
