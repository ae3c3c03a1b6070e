"""Which format a path holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from errata.errors import BadInput
from errata.formats import chapter_llama, plain_text
from errata.formats.rows import Arrival, Rejected

ACCEPTED = (
    "accepted are chapter-llama files (chapters*.json or transcripts*.json with asrs*.json), a folder of them, "
    "a rejects file (.jsonl), and plain text (.txt, or a folder of it)"
)


def transcripts(path: Path, asr: Path | None = None) -> Iterator[Arrival | Rejected]:
    """Reads transcripts of whichever format `path` is; `asr` as in `chapter_llama.read`. Raises BadInput."""
    if not path.exists():
        raise BadInput(f"{path} is not there; check the path")
    if _is_chapter_llama(path):
        return chapter_llama.read(path, asr)
    if not _is_plain_text(path):
        raise BadInput(f"{path} is in no format that can be read; {ACCEPTED}")
    if asr is not None:
        raise BadInput(f"{path} is plain text and has no speech file; leave {asr} out")
    return plain_text.read(path)


def _is_chapter_llama(path: Path) -> bool:
    return chapter_llama.is_folder(path) if path.is_dir() else path.suffix in {".json", ".jsonl"}


def _is_plain_text(path: Path) -> bool:
    return plain_text.is_folder(path) if path.is_dir() else path.suffix == ".txt"
