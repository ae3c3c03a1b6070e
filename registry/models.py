"""MLflow, for those who look at it: runs, registered versions and aliases. The record decides; MLflow is told.

    registry = ModelRegistry.of(workspace)
    run = registry.open_run("2026-03-01")
    registry.register(folder, identity, {"errata.verdict": "promote"}, run)
    registry.sync(workspace.record)

Models are plain files under a run, never one of MLflow's own flavours, which unpickle. MLflow keeps no checksums: a
version carries the sha256 of its manifest as a tag, by which whoever takes its files can verify them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies

import sqlalchemy as sa

from errata.database.aliases import ROLLBACK
from errata.database.record import Record
from errata.database.shipping import ALIASES
from errata.database.tables import MoveRow
from errata.domain.hashing import canonical_json
from errata.errors import BadInput, ErrataError, NotFound, Unavailable
from errata.files import JsonObject
from errata.inference import artefact
from errata.inference.checksums import MODEL_CARD, PAPERS
from errata.workspace import Workspace
from registry import mlflow_tables

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

SHA256, NIGHT, REPORT = "errata.sha256", "errata.night", "errata.report"
PART, CURVE = "errata.part", "Day-0 to Day-N"
"""Of a run: what of a night it is. The second is that of the run in which all nights' scores are one line."""
PROMOTED = "errata.promoted"
"""Of a version that became champion: when, by whom, and on which evidence."""
APPROVED_BY = "errata.approved_by"
"""By which somebody answers for an alias that they move to the version in MLflow, or approves of the version."""
APPROVAL, APPROVAL_PROBLEM = "errata.approval", "errata.approval_problem"
"""Of a version that people must approve of: who did, and what came of it; and why the last name there didn't count."""
HAND_MOVE = "errata.hand_move"
"""What came of it."""
ROLLED_BACK, ROLLED_BACK_TO = "errata.rolled_back", "errata.rolled_back_to"
"""Of the version that was champion, and of the one that is it again."""
_PARAMS_AT_ONCE, _METRICS_AT_ONCE = 100, 1000
"""MLflow's limits."""
_PARENT = "mlflow.parentRunId"
_SOURCE = {"mlflow.source.name": "errata nightly", "mlflow.source.type": "JOB"}
"""What MLflow shows as a run's source."""
_DIGEST = 36
"""MLflow's limit, in characters; the whole hash stands in the dataset's source."""
_EXPERIMENT = {
    "mlflow.experimentKind": "custom_model_development",  # else MLflow opens the pages for traces of agents
    "mlflow.note.content": (
        "A run a night, with its candidate's training and its evaluation within: open a night's description for the "
        f"verdict, the report and the talks one by one. **{CURVE}** is one run over all nights: its model metrics are "
        "the curve."
    ),
}
"""Tags; the second is what MLflow shows as a description, in Markdown."""
_MODEL = (
    "Models that chapter transcripts. **@champion** answers the application, as **@server**, **@device** or **@gguf** "
    "in the form that ships; **@challenger** waits for a decision; **@day0** is what all are compared with. The page "
    "of a version says why it was promoted or not, what it was trained on and who approved it. Errata's record "
    "decides: an alias that is moved here is put back or adopted by the next night."
)
"""The registered model's description."""
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""What isn't set already is set to this: no telemetry, no chatter, and minutes less of trying a server that is gone."""
_REMEDY = "see that it runs and that mlflow_uri in errata.toml is right"
_PATIENCE = 3.0
"""Seconds for an address to answer somebody who merely reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDataset:
    """What a run read, as MLflow lists it."""

    name: str
    """The same on all nights: MLflow finds runs by it."""
    digest: str
    """Of its content; MLflow shows how it begins."""
    context: str
    """`training` or `evaluation`."""
    rows: int
    source: JsonObject = field(default_factory=dict)
    """Where it can be found again."""
    profile: JsonObject = field(default_factory=dict)
    """What is known of it in numbers."""


class ModelRegistry:
    """One registered model and its experiment. Every method raises Unavailable where MLflow can't be reached."""

    def __init__(self, uri: str, name: str, artifacts: Path) -> None:
        """`artifacts` is where files go when `uri` is a database; a server has its own place."""
        self._uri, self._name, self._artifacts = uri, name, artifacts

    @classmethod
    def of(cls, workspace: Workspace) -> ModelRegistry:
        """Raises BadInput for an address that is a folder's: MLflow keeps no store there any more."""
        settings = workspace.settings
        if ":" not in settings.mlflow_uri or settings.mlflow_uri.startswith("file:"):
            raise BadInput(
                f"mlflow_uri is {settings.mlflow_uri!r}, which is no address of MLflow's; say http://…, https://…, or "
                "sqlite:///… and its like"
            )
        return cls(settings.mlflow_uri, settings.model_name, workspace.root / "mlartifacts")

    # runs ------------------------------------------------------------------------------------------------------------

    def open_run(self, night: str) -> str:
        """The run of a night, open; a new one where it has none."""
        return self._open(f"tags.`{NIGHT}` = '{night}'", night, {NIGHT: night})

    def open_part(self, parent: str, part: str, name: str) -> str:
        """A run within the run `parent`, open; a new one, called `name`, where that has none for the `part`."""
        tags = {_PARENT: parent, PART: part}
        return self._open(" and ".join(f"tags.`{tag}` = '{value}'" for tag, value in tags.items()), name, tags)

    def open_curve(self) -> str:
        """The one run that goes on over all nights, open."""
        return self._open(f"tags.`{PART}` = '{CURVE}'", CURVE, {PART: CURVE})

    def _open(self, query: str, name: str, tags: Mapping[str, str]) -> str:
        with self._mlflow_errors():
            run = self._oldest_run(query)
            if run:
                self._client.update_run(run, status="RUNNING")
                return run
            new = self._client.create_run(self._experiment, tags={**_SOURCE, **tags}, run_name=name)
            return self._oldest_run(query) or str(new.info.run_id)

    def _oldest_run(self, query: str) -> str:
        """Empty where there is none. Others are deleted: where an answer is lost on its way, MLflow's client asks
        again, and the server has made two."""
        found = self._client.search_runs([self._experiment], query, order_by=["start_time ASC"])
        for double in found[1:]:
            self._client.delete_run(double.info.run_id)
        return str(found[0].info.run_id) if found else ""

    def log(
        self,
        run: str,
        params: Mapping[str, Any],
        metrics: Mapping[str, float],
        artifacts: Iterable[Path],
        tags: Mapping[str, str],
        step: int = 0,
    ) -> None:
        """Adds to a run: values, those that are measured at `step`, and files or folders under their own names. Doing
        it again changes nothing.

        MLflow never changes a parameter: one that a resumed night gives anew becomes a tag `param.<name>`.
        """
        with self._mlflow_errors():
            from mlflow.entities import Param, RunTag

            old, values = self._client.get_run(run).data.params, {name: str(value) for name, value in params.items()}
            new = [Param(name, value) for name, value in values.items() if name not in old]
            for begin in range(0, len(new), _PARAMS_AT_ONCE):
                self._client.log_batch(run, params=new[begin : begin + _PARAMS_AT_ONCE])
            changed = {f"param.{name}": value for name, value in values.items() if old.get(name, value) != value}
            run_tags = [RunTag(name, value) for name, value in {**tags, **changed}.items()]
            self._client.log_batch(run, tags=run_tags)
            for path in artifacts:
                if path.is_dir():
                    self._client.log_artifacts(run, str(path), path.name)
                else:
                    self._client.log_artifact(run, str(path))
        self.log_steps(run, {step: metrics})

    def log_steps(self, run: str, steps: Mapping[int, Mapping[str, float]]) -> None:
        """Adds what was measured at each step, which MLflow draws as a line. Doing it again changes nothing."""
        with self._mlflow_errors():
            from mlflow.entities import Metric

            # At the run's own time, so that the same value logged again is the same row.
            at = self._client.get_run(run).info.start_time
            rows = [Metric(name, value, at, step) for step, metrics in steps.items() for name, value in metrics.items()]
            for begin in range(0, len(rows), _METRICS_AT_ONCE):
                self._client.log_batch(run, metrics=rows[begin : begin + _METRICS_AT_ONCE])

    def steps_of(self, run: str, metric: str) -> set[int]:
        """At which a run has it."""
        with self._mlflow_errors():
            return {row.step for row in self._client.get_metric_history(run, metric)}

    def log_dataset(self, run: str, data: LoggedDataset) -> None:
        """Notes what a run read. Doing it again changes nothing."""
        with self._mlflow_errors():
            from mlflow.entities import Dataset, DatasetInput, InputTag

            source = canonical_json({"digest": data.digest, **data.source})
            profile = canonical_json({"num_rows": data.rows, **data.profile})
            dataset = Dataset(data.name, data.digest[:_DIGEST], "errata", source, profile=profile)
            self._client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", data.context)])])

    def place_in_run(self, run: str, path: str) -> str:
        """Where a browser finds a file of a run, from any of MLflow's pages."""
        with self._mlflow_errors():
            return f"#/experiments/{self._experiment}/runs/{run}/artifacts/{path}"

    def close_run(self, run: str, status: str = "FINISHED") -> None:
        """`status` as MLflow names it: `FINISHED`, `FAILED` or `KILLED`."""
        with self._mlflow_errors():
            self._client.set_terminated(run, status)

    # versions --------------------------------------------------------------------------------------------------------

    def register(self, folder: Path, identity: str, tags: Mapping[str, str], run: str, description: str = "") -> str:
        """Puts a sealed model into the registry, its files under a run; returns its version.

        `description` is Markdown, which MLflow shows on the version's page. A model that is there already keeps its
        version, and gets the tags, the description and its papers as they are now. Raises NotFound where its files
        aren't those that were sealed.
        """
        if artefact.verify(folder) != identity:
            raise NotFound(f"{folder} does not hold the model {identity[:16]}…; register the folder that does")
        with self._mlflow_errors():
            version = self._find_version(identity)
            if version is None:
                version = self._upload(folder, identity, run)
            else:
                self._update_papers(version, folder, identity)
            self._drop_doubles(version, identity)
            self._tag(version, tags)
            text = f"{description}\n\n{self._card_link(version, folder, identity)}".strip()
            self._client.update_model_version(self._name, version.version, text)
            return str(version.version)

    def has(self, identity: str) -> bool:
        with self._mlflow_errors():
            return self._find_version(identity) is not None

    def fetch(self, identity: str, folder: Path) -> Path:
        """A registered model's files, as MLflow has them, in a folder below `folder`. Raises NotFound for a model that
        MLflow doesn't have, and for files that aren't those that were sealed."""
        with self._mlflow_errors():
            version = self._registered_version(identity)
            place = self._client.download_artifacts(str(version.run_id), _place(identity), str(folder))
        if artefact.verify(Path(place)) != identity:
            raise NotFound(f"MLflow's version {version.version} holds another model than {identity[:16]}…")
        return Path(place)

    def check_files(self, identity: str) -> None:
        """Raises NotFound where MLflow's copy of a registered model isn't whole: by every byte where it lies on this
        machine, and by names and sizes where a server keeps it."""
        with self._mlflow_errors():
            version = self._registered_version(identity)
            place = urlsplit(version.source)
            if place.scheme in ("", "file"):
                folder = Path(unquote(place.path))
                if artefact.verify(folder) != identity:
                    raise NotFound(f"{folder} holds another model")
            else:
                self._check_sizes(version, identity)

    def _check_sizes(self, version: ModelVersion, identity: str) -> None:
        place, run = _place(identity), str(version.run_id)
        sizes = dict(self._listed(run, place))
        if artefact.MANIFEST not in sizes:
            raise NotFound(f"version {version.version} has no {artefact.MANIFEST}")
        with TemporaryDirectory() as scratch:
            manifest = Path(self._client.download_artifacts(run, f"{place}/{artefact.MANIFEST}", scratch))
            sealed, identity_there = artefact.sealed_sizes(manifest.parent), artefact.read_seal(manifest.parent)[0]
        wrong = [name for name, size in sealed.items() if sizes.get(name) != size]
        if wrong or identity_there != identity:
            named = wrong[0] if wrong else artefact.MANIFEST
            raise NotFound(f"{named} of version {version.version} is missing or of another size than was sealed")

    def _listed(self, run: str, place: str, within: str = "") -> Iterator[tuple[str, int]]:
        """Each file below `place`, by its name there, with its size in bytes."""
        for found in self._client.list_artifacts(run, f"{place}/{within}".rstrip("/")):
            name = str(found.path).removeprefix(f"{place}/")
            if found.is_dir:
                yield from self._listed(run, place, name)
            else:
                yield name, int(found.file_size or 0)

    def restore_files(self, folder: Path, identity: str) -> None:
        """Writes a registered model's files anew, from `folder`. Raises NotFound where that isn't whole itself."""
        if artefact.verify(folder) != identity:
            raise NotFound(f"{folder} does not hold the model {identity[:16]}…")
        with self._mlflow_errors():
            version = self._registered_version(identity)
            self._client.log_artifacts(str(version.run_id), str(folder), _place(identity))

    def tag_version(self, identity: str, tags: Mapping[str, str]) -> None:
        """Puts evidence on a version: its verdict, effect, p value and the evidence record's sha256."""
        with self._mlflow_errors():
            self._tag(self._registered_version(identity), tags)

    # aliases ---------------------------------------------------------------------------------------------------------

    def aliases(self) -> dict[str, tuple[str, str]]:
        """Alias to version and identity, as MLflow has them; the identity is empty where the version isn't ours."""
        if mlflow_tables.is_database(self._uri):
            try:
                return mlflow_tables.aliases(self._uri, self._name, SHA256)
            except (sa.exc.SQLAlchemyError, OSError) as error:
                raise Unavailable(self._sentence(error)) from error
        with self._mlflow_errors():
            if not self._has_model():
                return {}
            numbers = self._client.get_registered_model(self._name).aliases
            versions = {number: self._client.get_model_version(self._name, number) for number in set(numbers.values())}
            return {alias: (str(number), versions[number].tags.get(SHA256, "")) for alias, number in numbers.items()}

    def apply(self, wanted: Mapping[str, str]) -> int:
        """Brings MLflow's aliases to the models that they are `wanted` to mean, empty for none; returns how many it had
        to change, whoever changed them.

        Raises NotFound where a model isn't registered: register it, then apply again.
        """
        with self._mlflow_errors():
            present = {alias: identity for alias, (_, identity) in self.aliases().items()}
            changes = {alias: model for alias, model in wanted.items() if present.get(alias, "") != model}
            # Every version is looked up before the first alias moves: one that is missing leaves all where they are.
            versions = {model: self._registered_version(model).version for model in set(changes.values()) - {""}}
            for alias, model in changes.items():
                if model:
                    self._client.set_registered_model_alias(self._name, alias, versions[model])
                else:
                    self._client.delete_registered_model_alias(self._name, alias)
            return len(changes)

    def sync(self, record: Record) -> int:
        """Brings the aliases in line with the record, whatever happened to them; returns how many it had to change.
        What somebody moved by hand is put back without a word: look first (`errata.loop.hand_moves`).

        Raises NotFound where a model isn't registered; then the record keeps those moves as not yet applied.
        """
        changed, told = 0, -1
        # MLflow keeps whatever it was told last: where the record has moved on meanwhile, that is what it is told last
        while told < len(moves := record.ask(lambda store: store.aliases.moves())):
            told = len(moves)
            changed += self.apply(dict.fromkeys(ALIASES, "") | {move.alias: move.model for move in moves})
        with self._mlflow_errors():
            for move in moves:
                if not move.applied and move.alias == "champion":
                    self._tag_champion(move)
        # Marked afterwards: a night that is killed in between applies them again, which changes nothing.
        with record.write() as store:
            for move in moves:
                if not move.applied:
                    store.aliases.mark_applied(move.number)
        return changed

    def identity_of(self, version: str) -> str:
        """Raises NotFound for a version that there is not, or that is none of ours."""
        with self._mlflow_errors():
            identity = self._client.get_model_version(self._name, version).tags.get(SHA256, "")
        if not identity:
            raise NotFound(f"version {version} of {self._name} in MLflow is none of Errata's; name one that is")
        return str(identity)

    def approver(self, version: str) -> str:
        """Who approves of a version, by its tag; empty where nobody is named."""
        with self._mlflow_errors():
            return str(self._client.get_model_version(self._name, version).tags.get(APPROVED_BY, ""))

    def approver_of(self, identity: str) -> str:
        """Who approves of a model, by its version's tag; empty where nobody is named."""
        with self._mlflow_errors():
            return str(self._registered_version(identity).tags.get(APPROVED_BY, ""))

    def take_approval(self, identity: str, by: str, problem: str) -> None:
        """Takes away the tag by which `by` approved, so that it counts once; `problem` is why it didn't count."""
        with self._mlflow_errors():
            version = self._registered_version(identity)
            self._tag(version, {APPROVAL_PROBLEM: problem})
            if version.tags.get(APPROVED_BY) == by:  # somebody else may have set theirs meanwhile
                self._client.delete_model_version_tag(self._name, version.version, APPROVED_BY)

    def note_promotion(self, identity: str, text: str, approvers: Collection[str]) -> None:
        """Says on a model's version how its promotion stands; whose approval is counted has no tag there any more."""
        with self._mlflow_errors():
            version = self._registered_version(identity)
            self._tag(version, {APPROVAL: text})
            if version.tags.get(APPROVED_BY) in approvers:
                self._client.delete_model_version_tag(self._name, version.version, APPROVED_BY)

    def note_hand_move(self, version: str, text: str) -> None:
        """Says on a version what came of an alias that somebody moved to it; an approval counts once."""
        with self._mlflow_errors():
            found = self._client.get_model_version(self._name, version)
            self._tag(found, {HAND_MOVE: text})
            if APPROVED_BY in found.tags:
                self._client.delete_model_version_tag(self._name, version, APPROVED_BY)

    def _tag_champion(self, move: MoveRow) -> None:
        """Says on the versions when, by whom and why one became champion."""
        who = f"{move.at:%Y-%m-%d %H:%M} UTC by {move.by}"
        if move.reason.startswith(ROLLBACK):
            note = f"{who}: {move.reason.removeprefix(ROLLBACK)}"
            self._tag_model(move.previous, {ROLLED_BACK: note})
            self._tag_model(move.model, {ROLLED_BACK_TO: note})
        else:
            night, evidence = (f", night {move.night}" if move.night else ""), move.evidence or ""
            on = f", on the evidence {evidence[:16]}" if evidence else ""
            self._tag_model(move.model, {PROMOTED: f"{who}{night}{on}: {move.reason}"})

    def _tag_model(self, model: str | None, tags: Mapping[str, str]) -> None:
        """Of a model that MLflow may not have."""
        version = self._find_version(model) if model else None
        if version is not None:
            self._tag(version, tags)

    # MLflow ----------------------------------------------------------------------------------------------------------

    @cached_property
    def _client(self) -> MlflowClient:
        from mlflow import MlflowClient

        mlflow_tables.relocate(self._uri, self._name, self._artifacts)
        return MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)

    def check_reachable(self) -> None:
        """For whoever merely reads. Raises NotFound where MLflow's own file is gone, which else is made anew, and
        Unavailable where nobody answers at its address: MLflow itself tries that for half a minute."""
        address = urlsplit(self._uri)
        if address.scheme in ("http", "https") and address.scheme not in getproxies():
            self._check_answers(address)
        store = mlflow_tables.store_file(self._uri)
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
    def _experiment(self) -> str:
        """Made, and explained, where there is none; what a team has written of it stays."""
        found = self._client.get_experiment_by_name(self._name)
        if found is None:
            served = self._uri.startswith(("http://", "https://"))
            place = None if served else self._artifacts.resolve().as_uri()
            return str(self._client.create_experiment(self._name, artifact_location=place, tags=_EXPERIMENT))
        for name, value in _EXPERIMENT.items():
            if name not in found.tags:
                self._client.set_experiment_tag(found.experiment_id, name, value)
        return str(found.experiment_id)

    def _has_model(self) -> bool:
        return bool(self._client.search_registered_models(f"name = '{self._name}'", max_results=1))

    def _upload(self, folder: Path, identity: str, run: str) -> ModelVersion:
        if not self._has_model():
            self._client.create_registered_model(self._name, description=_MODEL)
        place = _place(identity)
        self._client.log_artifacts(run, str(folder), place)
        # A server takes a version's files from a run alone; a path of this machine it would refuse.
        source = f"{self._client.get_run(run).info.artifact_uri}/{place}"
        new = self._client.create_model_version(self._name, source, run, {SHA256: identity})
        return self._find_version(identity) or new

    def _drop_doubles(self, version: ModelVersion, identity: str) -> None:
        """Of versions as of runs; one that somebody has given an alias stays."""
        for other in self._versions(identity):
            if other.version != version.version:
                double = self._client.get_model_version(self._name, other.version)
                if not double.aliases:
                    self._client.delete_model_version(self._name, other.version)

    def _update_papers(self, version: ModelVersion, folder: Path, identity: str) -> None:
        """A model that waits is decided on again, which its papers say."""
        for name in PAPERS:
            if (folder / name).is_file():
                self._client.log_artifact(str(version.run_id), str(folder / name), _place(identity))

    def _card_link(self, version: ModelVersion, folder: Path, identity: str) -> str:
        if not (folder / MODEL_CARD).is_file():
            return ""
        place = self.place_in_run(str(version.run_id), f"{_place(identity)}/{MODEL_CARD}")
        return f"[Model card]({place})"

    def _tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        for name, value in tags.items():
            if version.tags.get(name, "") != value:
                self._client.set_model_version_tag(self._name, version.version, name, value)

    def _find_version(self, identity: str) -> ModelVersion | None:
        return min(self._versions(identity), key=lambda version: int(version.version), default=None)

    def _versions(self, identity: str) -> Sequence[ModelVersion]:
        return self._client.search_model_versions(f"name = '{self._name}' and tags.`{SHA256}` = '{identity}'")

    def _registered_version(self, identity: str) -> ModelVersion:
        version = self._find_version(identity)
        if version is None:
            raise NotFound(f"MLflow has no version of {self._name} for {identity[:16]!r}; `errata init` registers it")
        return version

    @contextmanager
    def _mlflow_errors(self) -> Iterator[None]:
        """Within it, MLflow's own errors are ours."""
        for name, value in _ENVIRONMENT.items():  # before MLflow is first imported
            os.environ.setdefault(name, value)
        from mlflow.exceptions import MlflowException

        try:
            yield
        except MlflowException as error:
            raise _KINDS.get(error.error_code, Unavailable)(self._sentence(error)) from error
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise Unavailable(self._sentence(error)) from error

    def _sentence(self, error: Exception) -> str:
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
        sentence = f"MLflow at {self._uri} {what}; {remedy}"
        return re.sub("//[^@/ ]*@", "//", sentence)  # without a password


def _status(error: Exception) -> int | None:
    """HTTP's, of an error of MLflow's client or of its library for files; None where there is none."""
    if hasattr(error, "get_http_status_code"):
        return int(error.get_http_status_code())
    return getattr(getattr(error, "response", None), "status_code", None)


def _place(identity: str) -> str:
    """Of a model's files among those of its run."""
    return f"models/{identity[:16]}"


_KINDS: dict[str, type[ErrataError]] = {"INVALID_PARAMETER_VALUE": BadInput, "RESOURCE_DOES_NOT_EXIST": NotFound}
