"""A folder's files as bytes, for machines that share no disk."""

from __future__ import annotations

from pathlib import Path

Files = dict[str, bytes]
"""Content by path, relative to the folder."""


def pack(folder: Path) -> Files:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def unpack(files: Files, folder: Path) -> Path:
    """Writes them to `folder`, in their order; returns it."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
