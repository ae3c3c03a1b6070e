"""Whose record it is: a workspace that was moved goes on, and a copy never works on the original's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from errata.database.owners import UNKNOWN, WorkspacePlace
from errata.database.record import Record
from errata.errors import Refused
from errata.operations.ownership import check_owner, check_unclaimed, claim, place_of, shared_parts
from errata.settings import FILE, settings_file_text, workspace_id
from errata.workspace import Workspace
from tests.command_line import in_this_process

PLACE = WorkspacePlace("w" * 32, "box", "/srv/ws", 7)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ERRATA_DATABASE_URL", "ERRATA_MLFLOW_URI", "ERRATA_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)


def made(root: Path, url: str = "") -> Workspace:
    """A workspace as `init` claims it, but for its pipeline and its models."""
    (root / ".dvc").mkdir(parents=True)
    (root / FILE).write_text(settings_file_text() + (f'database_url = "{url}"\n' if url else ""))
    workspace = Workspace.find(root)
    workspace.record.migrate()
    claim(workspace, adopt=False)
    return workspace


def open_workspace(root: Path) -> Workspace:
    """As every command does."""
    workspace = Workspace.find(root)
    check_owner(workspace)
    return workspace


@pytest.fixture
def served(either: Record, tmp_path: Path) -> Workspace:
    """One whose record lies outside its folder: on a server, or in a file elsewhere."""
    return made(tmp_path / "Träger eins", either.url)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (PLACE, True),
        (WorkspacePlace("w" * 32, "pod-2", "/data", 7), True),  # the same disk, mounted elsewhere
        (WorkspacePlace("w" * 32, "box", "/srv/moved", 7), True),
        (WorkspacePlace("w" * 32, "box", "/srv/ws", 8), True),  # a backup was restored
        (WorkspacePlace("", "box", "/srv/ws", 7), True),  # of an older Errata
        (WorkspacePlace("w" * 32, "box", "/srv/copy", 8), False),
        (WorkspacePlace("w" * 32, "box", "/srv/copy", UNKNOWN), False),
        (WorkspacePlace("w" * 32, "pod-2", "/srv/ws", 8), False),
        (WorkspacePlace("v" * 32, "box", "/srv/ws", 7), False),  # another, where the first was
    ],
)
def test_which_places_are_one(other: WorkspacePlace, same: bool) -> None:
    assert PLACE.is_same(other) is same and other.is_same(PLACE) is same


def test_where_no_inode_is_known_two_are_not_one() -> None:
    assert not replace(PLACE, inode=UNKNOWN).is_same(replace(PLACE, inode=UNKNOWN, path="/srv/copy"))


def test_a_copy_that_names_the_original_s_record_is_refused_until_it_has_its_own(
    served: Workspace, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(served.root, tmp_path / "copy of it"))
    assert open_workspace(served.root) == served
    with pytest.raises(Refused) as refusal:
        open_workspace(copy)
    said = str(refusal.value)
    assert str(served.root) in said and "the record at" in said and f"errata init '{copy}' --adopt" in said
    done = in_this_process("status", "-w", copy, check=False)
    assert done.returncode == 4 and done.stderr == f"errata: {said}\n"
    with pytest.raises(Refused, match="--adopt"):
        claim(Workspace(copy), adopt=False)
    assert open_workspace(served.root) == served
    (copy / FILE).write_text(f'workspace = "{workspace_id(copy)}"\n')
    own = Workspace(copy)
    own.record.migrate()
    claim(own, adopt=False)
    assert open_workspace(copy) == own and open_workspace(served.root) == served


def test_one_that_was_moved_is_known_by_its_folder_and_else_adopts_its_record(
    served: Workspace, tmp_path: Path
) -> None:
    moved = Path(shutil.move(served.root, tmp_path / "moved"))
    assert open_workspace(moved).root == moved, "on the same disk nobody has to say it"
    elsewhere = Path(shutil.copytree(moved, tmp_path / "another disk"))
    shutil.rmtree(moved)
    with pytest.raises(Refused):
        open_workspace(elsewhere)
    claim(Workspace(elsewhere), adopt=True)
    assert open_workspace(elsewhere).root == elsewhere


def test_a_new_workspace_is_not_made_on_another_s_record(
    served: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRATA_DATABASE_URL", served.settings.database_url)
    done = in_this_process("init", tmp_path / "second", check=False)
    assert done.returncode == 4 and f"belongs to the workspace {served.root}" in done.stderr
    assert not (tmp_path / "second").exists()
    assert open_workspace(served.root) == served


def test_a_record_that_nobody_has_claimed_is_not_taken_unasked(
    either: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRATA_DATABASE_URL", either.url)
    with pytest.raises(Refused, match="is a workspace's already"):
        check_unclaimed(Workspace(tmp_path / "new"))


def test_one_that_is_whole_in_its_folder_is_copied_and_moved_as_one_likes(tmp_path: Path) -> None:
    original = made(tmp_path / "a")
    original.record.close()
    copy = Path(shutil.copytree(original.root, tmp_path / "b"))
    assert open_workspace(copy).root == copy
    claim(Workspace(copy), adopt=False)
    with Workspace(copy).record.read() as store:
        assert store.owners.place() == place_of(Workspace(copy))
    with original.record.read() as store:
        assert store.owners.place() == place_of(original)


def test_what_a_copy_would_share_is_named(tmp_path: Path) -> None:
    original = made(tmp_path / "a")
    assert shared_parts(original) == []
    with (original.root / FILE).open("a") as file:
        file.write('mlflow_uri = "http://ann:secret@mlflow.example"\n')
    (original.root / ".dvc" / "config").write_text("[core]\n    remote = s\n['remote \"s\"']\n    url = s3://b\n")
    (original.root / ".dvc" / "config.local").write_text("[cache]\n    dir = /srv/cache\n")
    found = Workspace.find(original.root)
    assert shared_parts(found) == ["MLflow at http://ann@mlflow.example", "DVC's remote s", "DVC's cache"]


def test_an_older_workspace_gets_an_id_and_keeps_its_settings(tmp_path: Path) -> None:
    root = tmp_path / "old"
    (root / ".dvc").mkdir(parents=True)
    (root / FILE).write_text('model_name = "ours"\n')
    workspace = Workspace.find(root)
    workspace.record.migrate("0006")
    assert open_workspace(root) == workspace, "its record knows no owner yet"
    workspace.record.migrate()
    claim(workspace, adopt=False)
    assert len(workspace_id(root)) == 32 and Workspace.find(root).settings.model_name == "ours"
    before = (root / FILE).read_text()
    claim(workspace, adopt=False)
    assert (root / FILE).read_text() == before
