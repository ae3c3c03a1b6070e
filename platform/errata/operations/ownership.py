"""Whose record it is: a workspace that was moved goes on with it, and a copy never works on the original's.

What lies in the workspace's own folder moves and is copied with it. A record on a server, an MLflow elsewhere and a
remote of DVC's stay, and would serve the copy and the original alike.
"""

from __future__ import annotations

import re
import shlex
import socket
from pathlib import Path

from sqlalchemy import make_url

from errata.database.owners import UNKNOWN, WorkspacePlace
from errata.errors import Refused
from errata.progress import note
from errata.settings import ensure_id, without_password, workspace_id
from errata.workspace import Workspace


def check_owner(workspace: Workspace) -> None:
    """Raises Refused for a workspace that works on another's record, or may be the copy of one that still does."""
    with workspace.record.read() as store:
        owner = store.owners.place()
    shared = [] if owner is None or owner.is_same(place_of(workspace)) else shared_parts(workspace)
    if owner is not None and shared:
        raise Refused(_not_the_owner(workspace, owner, shared))


def claim(workspace: Workspace, adopt: bool) -> None:
    """Makes a workspace the owner of its record, where nobody else is or it is to `adopt` it."""
    ensure_id(workspace.root)
    with workspace.record.write() as store:
        owner, place = store.owners.place(), place_of(workspace)
        if owner == place:
            return
        shared = shared_parts(workspace)
        if owner is not None and not owner.is_same(place) and shared and not adopt:
            raise Refused(_not_the_owner(workspace, owner, shared))
        store.owners.claim(place)
    if owner is not None and not owner.is_same(place):
        note(f"{workspace.root} was {owner.path}, and has its record, its models and its MLflow from there")


def check_unclaimed(workspace: Workspace) -> None:
    """Before a new workspace is made. Raises Refused where its record is another's already."""
    if _lies_in(workspace.root, workspace.settings.database_url) or workspace.record.is_new():
        return
    with workspace.record.read() as store:
        owner = store.owners.place()
    address = without_password(workspace.settings.database_url)
    whose = f"belongs to the workspace {owner.path} on {owner.host}" if owner else "is a workspace's already"
    raise Refused(
        f"the record at {address} {whose}; name a database of its own in ERRATA_DATABASE_URL, or where that "
        f"workspace is gone: {_adopt_command(workspace)}"
    )


def place_of(workspace: Workspace) -> WorkspacePlace:
    # not the root's own inode: where a disk is mounted, every disk's first folder has the same
    inode = (workspace.root / ".dvc").stat().st_ino if (workspace.root / ".dvc").exists() else UNKNOWN
    return WorkspacePlace(workspace_id(workspace.root), socket.gethostname(), str(workspace.root), inode)


def shared_parts(workspace: Workspace) -> list[str]:
    """What a copy of the folder would use together with the original."""
    settings, root = workspace.settings, workspace.root
    parts = []
    if not _lies_in(root, settings.database_url):
        parts.append(f"the record at {without_password(settings.database_url)}")
    if not _lies_in(root, settings.mlflow_uri):
        parts.append(f"MLflow at {without_password(settings.mlflow_uri)}")
    configuration = "\n".join(
        path.read_text() for name in ("config", "config.local") if (path := root / ".dvc" / name).is_file()
    )
    parts += [f"DVC's remote {name}" for name in re.findall(r"""^\[['"]?remote "([^"]+)\"""", configuration, re.M)]
    cache = re.search(r"^\s*dir\s*=\s*(.+)$", configuration, re.M)
    if cache and not (root / ".dvc" / cache[1].strip()).resolve().is_relative_to(root):
        parts.append("DVC's cache")
    return parts


def _lies_in(root: Path, address: str) -> bool:
    if not address.startswith("sqlite"):
        return False
    return Path(make_url(address).database or "").resolve().is_relative_to(root)


def _not_the_owner(workspace: Workspace, owner: WorkspacePlace, shared: list[str]) -> str:
    return (
        f"{workspace.root} is not the workspace that its record knows, {owner.path} on {owner.host}, and both would "
        f"use {', '.join(shared)}. A copy needs its own: name them in errata.toml and .dvc/config. Then, or where the "
        f"workspace was moved: {_adopt_command(workspace)}"
    )


def _adopt_command(workspace: Workspace) -> str:
    return shlex.join(["errata", "init", str(workspace.root), "--adopt"])
