"""Where MLflow is: its client, its experiment, and what it complains of, in sentences of ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies

import sqlalchemy as sa

from errata.errors import BadInput, ErrataError, NotFound, Unavailable
from errata.telemetry import no_telemetry
from registry import mlflow_tables

if TYPE_CHECKING:
    from mlflow import MlflowClient

CURVE = "Day-0 to Day-N"
"""The run in which all nights' scores are one line."""
_EXPERIMENT = {
    "mlflow.experimentKind": "custom_model_development",  # else MLflow opens the pages for traces of agents
    "mlflow.note.content": (
        "A run a night, with its candidate's training and its evaluation within: open a night's description for the "
        f"verdict, the report and the talks one by one. **{CURVE}** is one run over all nights: its model metrics are "
        "the curve."
    ),
}
"""Tags; the second is what MLflow shows as a description, in Markdown."""
_ENVIRONMENT = {
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""What isn't set already is set to this: no chatter, and minutes less of trying a server that is gone."""
_REMEDY = "see that it runs and that mlflow_uri in errata.toml is right"
_PATIENCE = 3.0
"""Seconds for an address to answer somebody who merely reads."""


class MlflowStore:
    """Every method raises Unavailable where MLflow can't be reached."""

    def __init__(self, uri: str, name: str, artifacts: Path) -> None:
        """`artifacts` is where files go when `uri` is a database; a server has its own place."""
        self.uri, self.name = uri, name
        self._artifacts = artifacts

    @cached_property
    def client(self) -> MlflowClient:
        from mlflow import MlflowClient

        mlflow_tables.relocate(self.uri, self.name, self._artifacts)
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def check_reachable(self) -> None:
        """For whoever merely reads. Raises NotFound where MLflow's own file is gone, which else is made anew, and
        Unavailable where nobody answers at its address: MLflow itself tries that for half a minute."""
        address = urlsplit(self.uri)
        if address.scheme in ("http", "https") and address.scheme not in getproxies():
            self._check_answers(address)
        store = mlflow_tables.store_file(self.uri)
        if store is not None and not store.exists():
            raise NotFound(f"MLflow's store {store} is gone; `errata init` makes it anew from the record")

    def _check_answers(self, address: SplitResult) -> None:
        """Whatever it answers: one that takes a connection and says nothing would keep who reads for minutes. Without
        name and password, and so without asking who it is."""
        import httpx

        health = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path.rstrip('/')}/health"
        try:  # nothing of its answer is believed, so that it need not be known by a certificate
            httpx.get(health, timeout=_PATIENCE, trust_env=False, verify=False)  # noqa: S501 - as said
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(self._unreachable()) from error

    @cached_property
    def experiment(self) -> str:
        """Made, and explained, where there is none; what a team has written of it stays."""
        found = self.client.get_experiment_by_name(self.name)
        if found is None:
            served = self.uri.startswith(("http://", "https://"))
            place = None if served else self._artifacts.resolve().as_uri()
            return str(self.client.create_experiment(self.name, artifact_location=place, tags=_EXPERIMENT))
        for name, value in _EXPERIMENT.items():
            if name not in found.tags:
                self.client.set_experiment_tag(found.experiment_id, name, value)
        return str(found.experiment_id)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Within it, MLflow's own errors are ours."""
        no_telemetry()
        for name, value in _ENVIRONMENT.items():  # before MLflow is first imported
            os.environ.setdefault(name, value)
        from mlflow.exceptions import MlflowException

        try:
            yield
        except MlflowException as error:
            raise _KINDS.get(error.error_code, Unavailable)(self.sentence(error)) from error
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise Unavailable(self.sentence(error)) from error

    def sentence(self, error: Exception) -> str:
        if "Max retries exceeded" in str(error):
            return self._unreachable()
        if _status(error) == HTTPStatus.UNAUTHORIZED:
            remedy = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to those of a user that it knows"
            return self._about_mlflow("doesn't take the name and password", remedy)
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return self._about_mlflow(f"says: {first}")

    def _unreachable(self) -> str:
        return self._about_mlflow("can't be reached")

    def _about_mlflow(self, what: str, remedy: str = _REMEDY) -> str:
        sentence = f"MLflow at {self.uri} {what}; {remedy}"
        return re.sub("//[^@/ ]*@", "//", sentence)  # without a password


def _status(error: Exception) -> int | None:
    """HTTP's, of an error of MLflow's client or of its library for files; None where there is none."""
    if hasattr(error, "get_http_status_code"):
        return int(error.get_http_status_code())
    return getattr(getattr(error, "response", None), "status_code", None)


_KINDS: dict[str, type[ErrataError]] = {"INVALID_PARAMETER_VALUE": BadInput, "RESOURCE_DOES_NOT_EXIST": NotFound}
