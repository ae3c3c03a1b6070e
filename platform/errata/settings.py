"""Where a workspace keeps things: read once, at the edge.

`errata.toml` in the workspace sets them; an environment variable ERRATA_<NAME> overrides it (and is said).
What the variables said when the workspace was made stands in the file, so that later commands need not say it again.
Without either, everything lies in the workspace itself.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from uuid import uuid4

from errata.domain.names import meant
from errata.errors import BadInput
from errata.files import write_atomically

FILE = "errata.toml"
_ID = "workspace"
ALERTS = "alerts"
"""The table of `errata.toml` that says who is told of alarms."""
SERVICE = "service"
"""The table of `errata.toml` that the service reads (`errata.service.service_settings`)."""


@dataclass(frozen=True)
class Settings:
    database_url: str
    """The record: `sqlite:///…` or `postgresql+psycopg://…`."""
    mlflow_uri: str
    """Tracking and registry: an MLflow server's address, or a database URL of MLflow's own."""
    model_name: str
    """The registered model's name in MLflow."""
    media_store: str
    """Where chunks of recordings are kept: a folder, or a URL that fsspec reaches (`s3://bucket/place`)."""


NAMES = tuple(field.name for field in fields(Settings))


def read_settings(workspace: Path) -> Settings:
    """Raises BadInput where `errata.toml` says something that is no setting."""
    path, root = workspace / FILE, workspace.resolve()
    values = {
        "database_url": f"sqlite:///{root / 'errata.db'}",
        "mlflow_uri": f"sqlite:///{root / 'mlflow.db'}",
        "model_name": "errata-chapters",
        "media_store": str(root / "media/chunks"),
    }
    values |= _settings_in_file(path) | _settings_in_environment()
    placed = {name: _place_in(root, value) for name, value in values.items()}
    if "://" not in placed["media_store"]:
        placed["media_store"] = str(root / placed["media_store"])
    return Settings(**placed)


def settings_file_text() -> str:
    """`errata.toml` of a new workspace, without passwords: the workspace's repository keeps the file."""
    lines = [
        f"{name} = {json.dumps(without_password(value), ensure_ascii=False)}\n"
        for name, value in _settings_in_environment().items()
    ]
    return "# database_url = …   mlflow_uri = …   see docs/workspace.md\n" + _id_line() + "".join(lines)


def workspace_id(workspace: Path) -> str:
    """Its own for ever, and a copy's; empty where an older Errata made it."""
    return str(_read_toml(workspace / FILE).get(_ID, ""))


def service_table(workspace: Path) -> dict[str, object]:
    """What `errata.toml` says under `[service]`, unchecked. Raises BadInput where that is no table."""
    table = _read_toml(workspace / FILE).get(SERVICE, {})
    if not isinstance(table, dict):
        raise BadInput(f"{workspace / FILE}: {SERVICE} must be a table, [{SERVICE}], and not {table!r}")
    return table


def alert_webhook(workspace: Path) -> str:
    """Where alarms are posted to; empty for nowhere. Raises BadInput for what can't be such an address."""
    place = f"{workspace / FILE}: [{ALERTS}]"
    table = _read_toml(workspace / FILE).get(ALERTS, {})
    if not isinstance(table, dict):
        raise BadInput(f"{workspace / FILE}: {ALERTS} must be a table, [{ALERTS}], and not {table!r}")
    for name in table:
        if name != "webhook":
            raise BadInput(f"{place} {name} is no setting; there is webhook")
    address = table.get("webhook", "")
    if not isinstance(address, str) or (address and not address.startswith(("https://", "http://"))):
        raise BadInput(f"{place} webhook must be an address, as https://example.org/errata, and not {address!r}")
    return address


def ensure_id(workspace: Path) -> None:
    """Gives a workspace of an older Errata an id."""
    path = workspace / FILE
    if not workspace_id(workspace):
        write_atomically(path, _id_line() + path.read_text())


def _id_line() -> str:
    return f'{_ID} = "{uuid4().hex}"\n'


def overriding_variables(workspace: Path) -> list[str]:
    """The environment variables that say something else than `errata.toml`, passwords aside."""
    file_settings = _settings_in_file(workspace / FILE)
    return [
        f"ERRATA_{name.upper()}"
        for name, value in _settings_in_environment().items()
        if without_password(value) != without_password(file_settings.get(name, ""))
    ]


def without_password(address: str) -> str:
    without_user_s = re.sub(r"(//[^:@/?]*):[^@/]*@", r"\1@", address)
    return re.sub(r"([?&])password=[^&]*&?", r"\1", without_user_s).rstrip("?&")


def _settings_in_environment() -> dict[str, str]:
    variables = {name: os.environ.get(f"ERRATA_{name.upper()}") for name in NAMES}
    return {name: value for name, value in variables.items() if value is not None}


def _settings_in_file(path: Path) -> dict[str, str]:
    settings: dict[str, str] = {}
    for name, value in _read_toml(path).items():
        if name in (_ID, SERVICE, ALERTS):
            continue
        if name not in NAMES:
            raise BadInput(f"{path}: {name} is no setting{meant(name, NAMES)}; there are {', '.join(NAMES)}")
        if not isinstance(value, str):
            raise BadInput(f"{path}: {name} must be text, not {value!r}; put it in quotes")
        settings[name] = value
    return settings


def _place_in(root: Path, address: str) -> str:
    """SQLite takes a path without a folder for one in the current folder, which is another with every command."""
    file = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^:].*)", address)
    return f"{file[1]}{root / file[2]}" if file else address


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_bytes().decode() if path.exists() else "")
    except ValueError as error:  # of TOML, or of UTF-8
        raise BadInput(f"{path} is not TOML: {error}; mend it") from error
