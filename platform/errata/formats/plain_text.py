"""Plain text without times: one `.txt` file is one transcript, placed by word offsets.

A segment is a sentence, which ends with a line or at `.`, `!` or `?` before white space and a capital, a digit or an
opening quote. It runs from the number of words before it to the number of words after it. The file's stem is the id.
`[ANN]: ` before a line's words names their speaker, as WhisperX writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from errata.domain.chapter import tidy
from errata.domain.transcript import Segment, Transcript
from errata.formats.cues import split_bracketed_speaker
from errata.formats.fields import text
from errata.formats.json_files import read_text
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow, convert_rows

_STOP = re.compile(r"""[.!?]["'”’»)\]]*(\s+)(?=(\S))""")
_QUOTES = "\"'“‘«„"


def read(path: Path) -> Iterator[ImportedTranscript | Rejected]:
    """The transcript in a file. Raises BadInput, at once, when it can't be read."""
    whole = read_text(path)
    return convert_rows([SourceRow(str(path), path.stem, None)], lambda row: _arrival(row, whole))


def _arrival(row: SourceRow, whole: str) -> ImportedTranscript:
    name = text(row.row, "the file's name")
    lines = (split_bracketed_speaker({"text": line}) for line in text(whole, "the text").splitlines())
    spoken_lines = ((tidy(line.get("speaker", "")), sentence) for line in lines for sentence in sentences(line["text"]))
    segments = tuple(_segments(spoken_lines))
    duration = segments[-1].end if segments else 0.0
    return ImportedTranscript(Transcript(name, segments, duration, unit="words"), None, row)


def sentences(line: str) -> Iterator[str]:
    """The sentences of one line, in order; the last may lack its stop."""
    begin = 0
    for stop in _STOP.finditer(line):
        following = stop[2]
        if following.isupper() or following.isdigit() or following in _QUOTES:
            yield line[begin : stop.start(1)]
            begin = stop.end()
    yield line[begin:]


def _segments(spoken_lines: Iterator[tuple[str, str]]) -> Iterator[Segment]:
    offset = 0
    for speaker, words in ((speaker, sentence.split()) for speaker, sentence in spoken_lines):
        if words:
            yield Segment(float(offset), float(offset + len(words)), " ".join(words), speaker or None)
            offset += len(words)
