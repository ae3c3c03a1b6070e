"""Bulky text: compressed, content-addressed files beside the database, on disk before a row that names them is.

A writer's texts are synced together, at the end of its transaction: to sync each by itself takes longer than all the
rest of importing it.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errata.domain.hashing import sha256
from errata.errors import NotFound, RecordUnavailable
from errata.files import sync


class Blobs:
    """As one transaction sees them; several may write at once, each with `Blobs` of its own."""

    def __init__(self, folder: Path, synced: bool = True, named: set[Path] | None = None) -> None:
        """`synced`: what is written outlives a power cut; else, the end of this process alone. `named`: subfolders
        whose own names outlive it by now; others are added once theirs do."""
        self._folder, self._synced = folder, synced
        self._named: set[Path] = set() if named is None else named
        self._waiting: dict[str, Path] = {}
        """Texts that were put and are not on disk under their names yet."""

    def put(self, text: str) -> str:
        """Writes a canonical JSON text; returns its hash. Writing it again changes nothing."""
        data = text.encode()
        name = sha256(data)
        path = self._path(name)
        if name not in self._waiting and not path.exists():
            with self._writing():
                self._waiting[name] = _written(path.with_name(f"{path.name}.{os.getpid()}.tmp"), zlib.compress(data, 6))
        return name

    @contextmanager
    def sync_at_end(self) -> Iterator[None]:
        """What the block puts is on disk, under its name, once it has ended well; otherwise it is gone.

        Raises Unavailable where it can't be written.
        """
        try:
            yield
            with self._writing():
                # every text before any name: what has its name is whole, wherever this is cut short
                for waiting in self._waiting.values() if self._synced else ():
                    sync(waiting)
                folders = {waiting.parent for waiting in self._waiting.values()} if self._synced else set()
                for name, waiting in tuple(self._waiting.items()):
                    waiting.replace(self._path(name))
                    del self._waiting[name]
                for folder in folders:
                    sync(folder)
                if not folders <= self._named:
                    sync(self._folder)
                    self._named |= folders
        finally:
            for waiting in self._waiting.values():
                waiting.unlink(missing_ok=True)
            self._waiting.clear()

    def get(self, name: str) -> Any:
        """Raises NotFound where the file is missing, or no longer says what its name promises."""
        path = self._waiting.get(name, self._path(name))
        try:
            data = zlib.decompress(path.read_bytes())
        except (OSError, zlib.error) as error:
            raise NotFound(f"the text {path} can't be read ({error}); restore it from a backup") from error
        if sha256(data) != name:
            raise NotFound(f"the text {path} was changed after it was written; restore it from a backup")
        return json.loads(data)

    def remove(self, name: str) -> None:
        """Removes a text for good, and what a writer that was killed left of it; one that isn't there is no error."""
        path = self._path(name)
        for leftover in (path, *path.parent.glob(f"{path.name}.*.tmp")):
            leftover.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RecordUnavailable(
                f"texts can't be written to {self._folder} ({error.strerror}); make room there or give access to it, "
                "and run the command again"
            ) from error

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.json.zz"


def _written(path: Path, data: bytes) -> Path:
    """The file with all of `data`; a full disk leaves no part of it, which would get the name that others get."""
    try:
        try:
            path.write_bytes(data)
        except FileNotFoundError:  # the first text of its folder, of 256 folders
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path
