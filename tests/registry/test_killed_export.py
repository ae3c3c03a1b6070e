"""`errata export`, killed wherever it writes: OUT is whole or isn't there, and the same command ends well."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from errata.errors import BadInput, Unavailable
from errata.inference.artefact import Card, move_model, verify
from errata.inference.checksums import CHECKSUMS, MODEL_CARD
from errata.loop.deliver import export
from errata.loop.whole_folder import whole_folder
from errata.settings import FILE
from errata.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, empty: Path) -> Workspace:
    """Of which a server's export ships: a card and two files."""
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    shutil.copyfile(empty, root / "errata.db")
    made = Workspace.find(root)
    folder = made.models / "made"
    folder.mkdir(parents=True)
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(name)
    Card("inline", 128).write(folder, original="c" * 64)
    identity = move_model(folder, made.models)
    with made.record.write() as store:
        for alias, model in (("champion", "c" * 64), ("server", identity)):
            store.aliases.assign_alias(alias, model, "promote", "test", "n1", None)
    made.record.close()
    return made


def killed_at(number: int, root: Path, out: Path) -> bool:
    """Whether SIGKILL ended an export before it did the `number`-th thing to a file beside `out`."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    code, touched = 1, count(1)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        beside = bool(arguments) and str(arguments[0]).startswith(str(out.parent))
        if beside and event in ("open", "os.mkdir", "os.rename", "os.remove") and next(touched) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(watch)
        export(Workspace.find(root), "server", out, "champion")
        code = 0
    finally:
        os._exit(code)


def test_a_kill_leaves_the_whole_folder_or_none_and_the_next_run_clears_up(
    workspace: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "delivered" / "server"
    out.parent.mkdir()
    shipped = verify(next(workspace.models.iterdir()))
    cut_short = 0
    for number in count(1, 9):
        if not killed_at(number, workspace.root, out):
            break
        if out.exists():
            assert verify(out) == shipped and (out / MODEL_CARD).is_file() and (out / CHECKSUMS).is_file()
            shutil.rmtree(out)
        else:
            cut_short += 1
        assert len(list(out.parent.iterdir())) <= 1, "what the one before had left is gone"
    assert cut_short > 2 and verify(out) == shipped
    assert [path.name for path in out.parent.iterdir()] == ["server"]


def test_what_fails_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "delivered" / "server"
    kept = next(workspace.models.iterdir())
    (kept / "one.txt").write_text("another")
    with pytest.raises(Exception, match=rf"{kept / 'one.txt'} is missing or was changed"):
        export(workspace, "server", out, "champion")
    assert list(out.parent.iterdir()) == []


def test_a_folder_that_somebody_made_meanwhile_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(BadInput, match="is there already"), whole_folder(out) as folder:
        folder.mkdir()
        out.mkdir()
        (out / "theirs").touch()
    assert [path.name for path in out.iterdir()] == ["theirs"] and list(tmp_path.iterdir()) == [out]


def test_a_place_where_nothing_can_be_made_is_named_as_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file" / "out", Path("/proc/out"), tmp_path / ("o" * 250)):
        with pytest.raises(Unavailable, match=f"^{out} can't be made"), whole_folder(out):
            pytest.fail("nothing can be made there")
