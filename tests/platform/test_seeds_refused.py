"""`errata seeds` where there is nothing to make again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.errors import NotFound, Refused
from errata.loop.seeds import try_seeds
from errata.settings import FILE
from errata.workspace import Workspace


def test_it_asks_for_a_night_that_was_scored_and_finished(tmp_path: Path, empty: Path) -> None:
    (tmp_path / FILE).touch()
    shutil.copyfile(empty, tmp_path / "errata.db")
    workspace = Workspace.find(tmp_path)
    with pytest.raises(NotFound, match="no night has been scored yet"):
        try_seeds(workspace, 2)
    with workspace.record.write() as store:
        store.nights.begin("one", 0, 1)
        store.nights.finish(Outcome(night="one", verdict="bootstrap"))
        store.nights.begin("two", 1, 2)
    Night("two", 1, 2, "d", "d", 0, "", 0, "c").write(tmp_path)
    with pytest.raises(Refused, match="night two was not finished"):
        try_seeds(workspace, 2)
    workspace.record.close()
