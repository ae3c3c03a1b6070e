"""Where a workspace keeps things: read once, at the edge.

`errata.toml` in the workspace sets them; an environment variable ERRATA_<NAME> overrides it. Without either, everything
lies in the workspace itself.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from errata.errors import BadInput

FILE = "errata.toml"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ERRATA_", extra="forbid", frozen=True)

    database_url: str = ""
    """The record: `sqlite:///…` or `postgresql+psycopg://…`."""
    mlflow_uri: str = ""
    """Tracking and registry: an MLflow server's address, or a database URL of MLflow's own."""
    model_name: str = "errata-chapters"
    """The registered model's name in MLflow."""


def read_settings(workspace: Path) -> Settings:
    """Raises BadInput where `errata.toml` says something that is no setting."""
    path, root = workspace / FILE, workspace.resolve()
    defaults = {
        "database_url": f"sqlite:///{root / 'errata.db'}",
        "mlflow_uri": f"sqlite:///{root / 'mlflow.db'}",
    }
    try:
        written = tomllib.loads(path.read_text() if path.exists() else "")
        from_environment = Settings().model_dump(exclude_unset=True)
        return Settings(**{**defaults, **written, **from_environment})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: {first['loc'][0]}: {first['msg']}; mend it") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not TOML: {error}; mend it") from error
