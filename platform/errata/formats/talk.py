"""One file, one talk: what the formats share in which the file's name is the talk's id.

Such a format says in `speech(text)` what a file's text holds, line by line; the rest is done here. The row that is made
is one of `chapter_llama`, so that when it is refused it can be mended and imported like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from errata.files import JsonObject
from errata.formats import chapter_lists, chapter_llama
from errata.formats.json_files import read_text
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow, convert_rows
from errata.formats.talk_names import talk_of

Speech = list[JsonObject]
"""Lines of {start, end, text, speaker}, in seconds; what is wrong with a value is said where the transcript is made."""


def read(
    speech: Callable[[str], Speech], path: Path, chapters: Path | None = None
) -> Iterator[ImportedTranscript | Rejected]:
    """The talk in a file, with the chapters in the list `chapters`, or else in one that lies beside it."""

    def raw() -> JsonObject:
        file = chapters or next(iter(chapter_lists.beside(path)), None)
        metadata = chapter_lists.metadata(file) if file else {}
        return {"video_id": talk_of(path), "metadata": metadata, "asr": speech(read_text(path))}

    return read_row(path, raw)


def read_row(path: Path, raw: Callable[[], JsonObject]) -> Iterator[ImportedTranscript | Rejected]:
    """The one row of a file, as `raw` makes it for `chapter_llama`; one on which it raises BadInput comes out rejected.

    A row that has no such form yet stands in the rejects with its reason alone: the file itself is what can be mended.
    """
    nameless = SourceRow(str(path), path.stem, None)
    return convert_rows(convert_rows([nameless], lambda row: replace(row, raw=raw())), chapter_llama.transcript_of)
