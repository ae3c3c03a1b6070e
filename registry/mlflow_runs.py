"""MLflow's runs: one a night, with its candidate's training and its evaluation within, and one over all nights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from errata.domain.hashing import canonical_json
from errata.files import JsonObject
from registry.mlflow_store import CURVE, MlflowStore

NIGHT, PART = "errata.night", "errata.part"
"""Of a run: which night it is, or what of one; of the run over all nights `PART` is `CURVE`."""
_PARAMS_AT_ONCE, _METRICS_AT_ONCE = 100, 1000
"""MLflow's limits."""
_PARENT = "mlflow.parentRunId"
_SOURCE = {"mlflow.source.name": "errata nightly", "mlflow.source.type": "JOB"}
"""What MLflow shows as a run's source."""
_DIGEST = 36
"""MLflow's limit, in characters; the whole hash stands in the dataset's source."""


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


class MlflowRuns:
    """A run is named by its id. Every method raises Unavailable where MLflow can't be reached."""

    def __init__(self, store: MlflowStore) -> None:
        self._store = store

    def open_night(self, night: str) -> str:
        """The run of a night, open; a new one where it has none."""
        return self._open(_of_night(night), night, {NIGHT: night})

    def find_night(self, night: str) -> str:
        """Its run, open or not; empty where it has none."""
        with self._store.errors():
            return self._oldest_run(_of_night(night))

    def open_part(self, parent: str, part: str, name: str) -> str:
        """A run within the run `parent`, open; a new one, called `name`, where that has none for the `part`."""
        tags = {_PARENT: parent, PART: part}
        return self._open(" and ".join(f"tags.`{tag}` = '{value}'" for tag, value in tags.items()), name, tags)

    def open_curve(self) -> str:
        """The one run that goes on over all nights, open."""
        return self._open(f"tags.`{PART}` = '{CURVE}'", CURVE, {PART: CURVE})

    def _open(self, query: str, name: str, tags: Mapping[str, str]) -> str:
        with self._store.errors():
            run = self._oldest_run(query)
            if run:
                self._store.client.update_run(run, status="RUNNING")
                return run
            new = self._store.client.create_run(self._store.experiment, tags={**_SOURCE, **tags}, run_name=name)
            return self._oldest_run(query) or str(new.info.run_id)

    def _oldest_run(self, query: str) -> str:
        """Empty where there is none. Others are deleted: where an answer is lost on its way, MLflow's client asks
        again, and the server has made two."""
        found = self._store.client.search_runs([self._store.experiment], query, order_by=["start_time ASC"])
        for double in found[1:]:
            self._store.client.delete_run(double.info.run_id)
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
        with self._store.errors():
            from mlflow.entities import Param, RunTag

            old = self._store.client.get_run(run).data.params
            values = {name: str(value) for name, value in params.items()}
            new = [Param(name, value) for name, value in values.items() if name not in old]
            for begin in range(0, len(new), _PARAMS_AT_ONCE):
                self._store.client.log_batch(run, params=new[begin : begin + _PARAMS_AT_ONCE])
            changed = {f"param.{name}": value for name, value in values.items() if old.get(name, value) != value}
            run_tags = [RunTag(name, value) for name, value in {**tags, **changed}.items()]
            self._store.client.log_batch(run, tags=run_tags)
            for path in artifacts:
                if path.is_dir():
                    self._store.client.log_artifacts(run, str(path), path.name)
                else:
                    self._store.client.log_artifact(run, str(path))
        self.log_steps(run, {step: metrics})

    def log_steps(self, run: str, steps: Mapping[int, Mapping[str, float]]) -> None:
        """Adds what was measured at each step, which MLflow draws as a line. Doing it again changes nothing."""
        with self._store.errors():
            from mlflow.entities import Metric

            # At the run's own time, so that the same value logged again is the same row.
            at = self._store.client.get_run(run).info.start_time
            rows = [Metric(name, value, at, step) for step, metrics in steps.items() for name, value in metrics.items()]
            for begin in range(0, len(rows), _METRICS_AT_ONCE):
                self._store.client.log_batch(run, metrics=rows[begin : begin + _METRICS_AT_ONCE])

    def steps_of(self, run: str, metric: str) -> set[int]:
        """At which a run has it."""
        with self._store.errors():
            return {row.step for row in self._store.client.get_metric_history(run, metric)}

    def log_dataset(self, run: str, data: LoggedDataset) -> None:
        """Notes what a run read. Doing it again changes nothing."""
        with self._store.errors():
            from mlflow.entities import Dataset, DatasetInput, InputTag

            source = canonical_json({"digest": data.digest, **data.source})
            profile = canonical_json({"num_rows": data.rows, **data.profile})
            dataset = Dataset(data.name, data.digest[:_DIGEST], "errata", source, profile=profile)
            self._store.client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", data.context)])])

    def place(self, run: str, path: str) -> str:
        """Where a browser finds a file of a run, from any of MLflow's pages."""
        with self._store.errors():
            return f"#/experiments/{self._store.experiment}/runs/{run}/artifacts/{path}"

    def close(self, run: str, status: str = "FINISHED") -> None:
        """`status` as MLflow names it: `FINISHED`, `FAILED` or `KILLED`."""
        with self._store.errors():
            self._store.client.set_terminated(run, status)


def _of_night(night: str) -> str:
    """The query that finds a night's run."""
    return f"tags.`{NIGHT}` = '{night}'"
