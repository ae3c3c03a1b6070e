"""Where a workspace keeps things: read once, at the edge.

`errata.toml` in the workspace sets them; an environment variable ERRATA_<NAME> overrides it. Without either, everything
lies in the workspace itself.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from errata.errors import BadInput

FILE = "errata.toml"


@dataclass(frozen=True)
class Settings:
    database_url: str
    """The record: `sqlite:///…` or `postgresql+psycopg://…`."""
    mlflow_uri: str
    """Tracking and registry: an MLflow server's address, or a database URL of MLflow's own."""
    model_name: str
    """The registered model's name in MLflow."""


NAMES = tuple(field.name for field in fields(Settings))


def read_settings(workspace: Path) -> Settings:
    """Raises BadInput where `errata.toml` says something that is no setting."""
    path, root = workspace / FILE, workspace.resolve()
    values = {
        "database_url": f"sqlite:///{root / 'errata.db'}",
        "mlflow_uri": f"sqlite:///{root / 'mlflow.db'}",
        "model_name": "errata-chapters",
    }
    for name, value in _read_toml(path).items():
        if name not in NAMES:
            raise BadInput(f"{path}: {name} is no setting; there are {', '.join(NAMES)}")
        if not isinstance(value, str):
            raise BadInput(f"{path}: {name} must be text, not {value!r}; put it in quotes")
        values[name] = value
    variables = {name: os.environ.get(f"ERRATA_{name.upper()}") for name in NAMES}
    return Settings(**values | {name: value for name, value in variables.items() if value is not None})


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_bytes().decode() if path.exists() else "")
    except ValueError as error:  # of TOML, or of UTF-8
        raise BadInput(f"{path} is not TOML: {error}; mend it") from error
