"""A workspace in which `errata compare` has something to compare."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from errata.settings import FILE
from errata.workspace import Workspace
from tests.evaluation.comparing import known, run_a_night
from tests.made_up_answers import corrected
from tests.made_up_model import make_adapter, make_model
from tests.made_up_params import write_params
from tests.made_up_server import Server, said, serving


@pytest.fixture
def workspace(tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("NO_COLOR", "1")
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    write_params(root)
    shutil.copyfile(empty, root / "errata.db")
    return Workspace.find(root)


@pytest.fixture
def talks(workspace: Workspace) -> list[int]:
    talks = corrected(workspace.record, [f"t{number}" for number in range(10)])
    run_a_night(workspace, "one")
    return talks


@pytest.fixture
def right(workspace: Workspace, talks: list[int]) -> str:
    """Knows the right answer to every talk, and is champion."""
    identity = known(workspace, dict.fromkeys(talks, 60))
    with workspace.record.write() as store:
        for alias in ("day0", "champion"):
            store.aliases.assign_alias(alias, identity, "day0", "test", None, None)
    return identity


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as state:
        state.reply = lambda _: said("0 Opening\n6 Later\n")
        yield state


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`full/`, sealed, and `adapter/` that goes on it."""
    folder = tmp_path_factory.mktemp("weights")
    identity = make_model(folder / "full", context=256)
    make_adapter(folder / "adapter", folder / "full", identity)
    return folder
