"""Bulky text: compressed, content-addressed files beside the database, each written before the row that names it."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

from errata.domain.hashing import canonical_json, sha256
from errata.errors import NotFound


class Blobs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, value: Any) -> str:
        """Writes `value` as canonical JSON; returns its hash. Writing it again changes nothing."""
        data = canonical_json(value).encode()
        name = sha256(data)
        path = self._path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            with temporary.open("wb") as file:
                file.write(zlib.compress(data, 6))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        return name

    def get(self, name: str) -> Any:
        """Raises NotFound where the file is missing, or no longer says what its name promises."""
        path = self._path(name)
        try:
            data = zlib.decompress(path.read_bytes())
        except (OSError, zlib.error) as error:
            raise NotFound(f"the text {path} can't be read ({error}); restore it from a backup") from error
        if sha256(data) != name:
            raise NotFound(f"the text {path} was changed after it was written; restore it from a backup")
        return json.loads(data)

    def remove(self, name: str) -> None:
        """Removes a text for good; one that isn't there is no error."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.json.zz"
