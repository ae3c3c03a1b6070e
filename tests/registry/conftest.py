"""Models that can be exported, and adapters that go on them."""

from __future__ import annotations

from pathlib import Path

import pytest

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
