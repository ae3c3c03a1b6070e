"""MLflow's runs, real, on SQLite: a night's, those within it, and the one over all nights."""

from __future__ import annotations

from pathlib import Path

from registry.mlflow_runs import LoggedDataset
from registry.models import ModelRegistry


def test_a_night_has_one_run_however_often_it_is_logged(registry: ModelRegistry, tmp_path: Path) -> None:
    source = {"watermark": 90}
    snapshot = LoggedDataset(name="snapshot", digest="a" * 64, context="training", rows=12, source=source)
    (tmp_path / "report.html").write_text("<p>fine</p>")
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "a.svg").write_text("<svg/>")
    for rank in (16, 16, 8):
        run = registry.runs.open_night("2026-03-01")
        registry.runs.log(
            run,
            params={"rank": rank, **{f"p{number}": number for number in range(150)}},
            metrics={"f1": 61.5},
            artifacts=[tmp_path / "report.html", tmp_path / "plots"],
            tags={"errata.verdict": "promote"},
        )
        registry.runs.log_dataset(run, snapshot)
        registry.runs.close(run)
    assert registry.runs.open_night("2026-03-01") == run != registry.runs.open_night("2026-03-02")
    found = registry.mlflow.client.get_run(run)
    assert found.data.metrics == {"f1": 61.5}
    assert len(registry.mlflow.client.get_metric_history(run, "f1")) == 1
    assert found.data.params["rank"] == "16" and len(found.data.params) == 151
    assert found.data.tags["param.rank"] == "8" and found.data.tags["errata.verdict"] == "promote"
    (dataset,) = found.inputs.dataset_inputs
    assert dataset.dataset.name == "snapshot" and '"watermark":90' in dataset.dataset.source
    assert dataset.dataset.profile == '{"num_rows":12}'
    assert {item.path for item in registry.mlflow.client.list_artifacts(run)} == {"report.html", "plots"}


def test_what_is_within_a_night_is_found_again_and_is_no_night(registry: ModelRegistry) -> None:
    night = registry.runs.open_night("1")
    parts = [registry.runs.open_part(night, part, f"1: {part}") for part in ("candidate", "evaluation", "candidate")]
    assert parts[0] == parts[2] != parts[1] and registry.runs.open_night("1") == night
    assert registry.mlflow.client.get_run(parts[1]).data.tags["mlflow.parentRunId"] == night
    assert registry.runs.open_part(registry.runs.open_night("2"), "candidate", "2: candidate") not in parts


def test_a_line_over_steps_is_the_same_however_often_it_is_drawn(registry: ModelRegistry) -> None:
    run = registry.runs.open_curve()
    for _ in range(2):
        registry.runs.log_steps(run, {1: {"day0.f1": 40.0}, 2: {"day0.f1": 41.0, "champion.f1": 44.0}})
    history = registry.mlflow.client.get_metric_history(run, "day0.f1")
    assert [(row.step, row.value) for row in history] == [(1, 40.0), (2, 41.0)]
    assert registry.runs.steps_of(run, "champion.f1") == {2} and registry.runs.steps_of(run, "none") == set()
    registry.runs.log_steps(run, {step: {"loss": 1.0} for step in range(1, 1502)})
    assert len(registry.runs.steps_of(run, "loss")) == 1501, "more than MLflow takes at once"


def test_a_closed_run_is_closed(registry: ModelRegistry) -> None:
    run = registry.runs.open_night("n1")
    registry.runs.close(run, "FAILED")
    assert registry.mlflow.client.get_run(run).info.status == "FAILED"
