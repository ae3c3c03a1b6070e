"""`errata seeds` where there is nothing to make again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from errata.documents.file_names import ITEMS, PIPELINE_LOCK
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.scored_items import write_scored_items
from errata.errors import BadInput, NotFound, Refused
from errata.loop.seeds import try_seeds
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_night import report
from tests.made_up_params import write_params


def test_it_asks_for_a_night_that_was_scored_and_finished(tmp_path: Path, empty: Path) -> None:
    (tmp_path / FILE).touch()
    write_params(tmp_path)
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
    Night("one", 0, 1, "d", "d", 0, "", 0, "c").write(tmp_path)
    folder = workspace.nights / "one"
    write_scored_items(folder / ITEMS, [])
    with pytest.raises(NotFound, match="the night one scored no candidate"):
        try_seeds(workspace, 2)
    write_scored_items(folder / ITEMS, report(1).items)
    for lock in ("stages: {}", "stages: [", "train"):
        (folder / PIPELINE_LOCK).write_text(lock)
        with pytest.raises(BadInput, match=r"dvc\.lock (doesn't say how the night trained|isn't YAML)"):
            try_seeds(workspace, 2)
    workspace.record.close()
