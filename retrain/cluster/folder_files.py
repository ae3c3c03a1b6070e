"""A folder's files in pieces, for machines that share no disk: as bytes, no more of them at once than one piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PIECE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """Where one lies: the bytes from `begin` on, PIECE of them or what is left."""

    path: str
    """Relative to the folder."""
    begin: int


def pieces(folder: Path) -> Iterator[Piece]:
    """Of all files, each from its beginning; an empty one is one piece."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        for begin in range(0, max(1, file.stat().st_size), PIECE):
            yield Piece(file.relative_to(folder).as_posix(), begin)


def read_piece(folder: Path, piece: Piece) -> bytes:
    with (folder / piece.path).open("rb") as file:
        file.seek(piece.begin)
        return file.read(PIECE)


def write_piece(folder: Path, piece: Piece, content: bytes) -> None:
    """After the pieces of the file that come before it."""
    target = folder / piece.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab" if piece.begin else "wb") as file:
        file.write(content)
