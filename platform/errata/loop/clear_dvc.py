"""A deletion request in DVC's cache and in its remotes, wherever they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from errata.documents.file_names import TRAINING_ROWS
from errata.errors import Unavailable
from errata.inference.artefact import OLD_TRAINING_TRANSCRIPTS, TRAINING_TRANSCRIPTS
from errata.loop.deletion_target import DeletionTarget
from errata.workspace import Workspace


def clear_dvc(workspace: Workspace, target: DeletionTarget) -> dict[str, int]:
    """Deletes every file that holds it; returns how many there were, by place.

    A commit of the workspace that names such a file can't be checked out whole any more: that is what was asked. Raises
    Unavailable where a place can't be cleared.
    """
    if not (workspace.root / ".dvc").is_dir():
        return {}
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with closing(Repo(str(workspace.root))) as repo:
            cleared = {"dvc_cache": clear_objects(repo.cache.local, target)}
            for name in repo.config["remote"]:
                cleared["dvc_remote"] = cleared.get("dvc_remote", 0) + _clear_remote(repo, name, target)
            return cleared
    except (DvcException, OSError) as problem:
        raise Unavailable(
            f"DVC's cache can't be cleared ({problem}); mend that and make the request again"
        ) from problem


def _clear_remote(repo: Any, name: str, target: DeletionTarget) -> int:
    from dvc.exceptions import DvcException

    try:
        return clear_objects(repo.cloud.get_remote_odb(name, "errata forget"), target)
    except (DvcException, OSError) as problem:
        raise Unavailable(
            f"DVC's remote {name!r} can't be cleared ({problem}); mend that and make the request again"
        ) from problem
    except NotImplementedError as problem:  # what DVC's file systems raise where they can't list or delete, as HTTP's
        raise Unavailable(
            f"DVC's remote {name!r} doesn't let its files be listed and deleted; clear it by hand, take it out of "
            "DVC's configuration, and make the request again"
        ) from problem


def clear_objects(objects: Any, target: DeletionTarget) -> int:
    """Of one of DVC's object databases."""
    # all are looked at before one is deleted: what says that a table holds it may hold it too
    doomed = set(_objects_with(objects, target))
    for name in sorted(doomed):
        objects.delete(name)
    return len(doomed)


def _objects_with(objects: Any, target: DeletionTarget) -> Iterator[str]:
    """The objects that hold it."""
    present = set(objects.all())
    for name in sorted(present):
        if not name.endswith(".dir"):
            if target.is_in(_read(objects, name, only=(b"PAR1", b"{"))):
                yield name
            continue
        members: dict[str, str] = {item["relpath"]: item["md5"] for item in json.loads(_read(objects, name))}
        rows = members.get(TRAINING_ROWS, "")
        listed = {members.get(name, "") for name in (TRAINING_TRANSCRIPTS, OLD_TRAINING_TRANSCRIPTS)} & present
        if rows in present and any(target.was_mixed(_read(objects, transcripts)) for transcripts in listed):
            yield rows


def _read(objects: Any, name: str, only: tuple[bytes, ...] = (b"",)) -> bytes:
    """An object's bytes; none where it doesn't begin with one of `only`."""
    with objects.fs.open(objects.oid_to_path(name), "rb") as file:
        head: bytes = file.read(4)
        return head + bytes(file.read()) if head.startswith(only) else b""
