"""Files that a crash leaves whole, the old text or the new one and never a part; and whether there is room for them."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from errata.errors import Unavailable

SPARE = 200_000_000
"""Bytes of a disk that are to stay free: one that is full to the last fails others."""
JsonObject = dict[str, Any]
"""A JSON object as it was just read, or is about to be written: an edge, behind which values have types."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """A reader sees the old content or the new, never a part; the new is on disk when this returns. Text is UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # another process may be writing the same file
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # else the new name may reach the disk before the text does
    temporary.replace(path)


def sync(path: Path) -> None:
    """Of a folder it keeps the names in it: a file whose name is lost is lost."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_all(folder: Path) -> None:
    """All that is in a folder, and itself."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def write_secret_once(path: Path, content: str) -> None:
    """Of two processes that do it at once the first one's holds. Nobody else may read it, from its first byte on."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, content.encode())
        os.fsync(file)
    finally:
        os.close(file)
    with suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()


def write_json(path: Path, value: Any) -> None:
    write_atomically(path, json_text(value))


def json_text(value: Any) -> str:
    """As every document of ours is written: keys in order, so that equal values are equal bytes."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def check_space(place: Path, size: int, what: str) -> None:
    """Raises Unavailable where the disk of `place`, which needn't exist yet, has no room for `size` bytes of `what`."""
    there = next(path for path in (place.absolute(), *place.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < size + SPARE:
        raise Unavailable(
            f"{what} takes {size / 1e9:.1f} GB at {place}, and {free / 1e9:.1f} GB are free there; make room"
        )


def file_sha256(path: Path) -> str:
    """Read in parts: a file of weights may be larger than the memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
