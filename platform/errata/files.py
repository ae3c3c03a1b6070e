"""Files that a crash leaves whole: the old text or the new one, never a part."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

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


def write_json(path: Path, value: Any) -> None:
    write_atomically(path, json_text(value))


def json_text(value: Any) -> str:
    """As every document of ours is written: keys in order, so that equal values are equal bytes."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def file_sha256(path: Path) -> str:
    """Read in parts: a file of weights may be larger than the memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
