"""Models that can be exported, adapters that go on them, and contenders with their scores."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from registry.models import ModelRegistry
from tests.made_up_gate import COMPARISON, many
from tests.made_up_model import make_adapter, make_model


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models are kept, with a full one in it."""
    folder = tmp_path_factory.mktemp("models")
    identity = make_model(folder / "new")
    (folder / "new").rename(folder / identity[:16])
    return folder


@pytest.fixture(scope="session")
def base(models: Path) -> Path:
    return next(models.iterdir())


@pytest.fixture(scope="session")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from errata.inference.artefact import verify

    folder = tmp_path_factory.mktemp("adapter")
    make_adapter(folder, base, verify(base))
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one MLflow keeps everything: its schema takes seconds to make."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture
def registry(store: Path, request: pytest.FixtureRequest) -> ModelRegistry:
    """Each test has a registered model and an experiment of its own."""
    return ModelRegistry(f"sqlite:///{store / 'mlflow.db'}", request.node.name, store / "mlartifacts" / "a b")


@pytest.fixture
def contender(tmp_path: Path) -> dict[str, Any]:
    for name in ("items.parquet", "evaluation.json", "judges.json"):
        (tmp_path / name).write_text(name)
    return {
        "name": "candidate",
        "model": "b" * 64,
        "watermark": 30,
        "primary": asdict(COMPARISON),
        "against_day0": asdict(COMPARISON),
        "guardrails": {name: asdict(COMPARISON) for name in ("anchor", "day0_retention", "parsable")},
    }


@pytest.fixture
def measured(contender: dict[str, Any]) -> dict[str, Any]:
    """A contender with all that `annual` asks of the evaluation."""
    same = many(0.0, spread=0.0)
    return {
        **contender,
        "primary": many(4.0),
        "guardrails": dict.fromkeys(("anchor", "day0_retention", "collapses", "parsable"), same),
        "more_guardrails": {"best_anchor": same, "forgetting": same, "slice_long": same, "vintage_2026-02-01": same},
    }
