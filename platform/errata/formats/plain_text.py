"""Plain text without times: one `.txt` file is one transcript, placed by word offsets.

A segment is a sentence, which ends with a line or at `.`, `!` or `?` before white space and a capital, a digit or an
opening quote. It runs from the number of words before it to the number of words after it. The file's stem is the id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats.fields import text
from errata.formats.json_files import read_text
from errata.formats.rows import Arrival, Rejected, Row, each

_STOP = re.compile(r"""[.!?]["'”’»)\]]*(\s+)(?=(\S))""")
_QUOTES = "\"'“‘«„"


def read(path: Path) -> Iterator[Arrival | Rejected]:
    """Reads a file, or the `.txt` files of a folder in order of name.

    Raises BadInput when the one file can't be read or the folder has none; in a folder a bad file is a refused row.
    """
    if path.is_dir():
        files = sorted(path.glob("*.txt"))
        if not files:
            raise BadInput(f"{path} has no .txt files; put them there or name one")
    else:
        files = [path]
        read_text(path)
    return each((Row(str(file), file.stem, None) for file in files), _arrival)


def is_folder(path: Path) -> bool:
    return any(path.glob("*.txt"))


def _arrival(row: Row) -> Arrival:
    file = Path(row.file)
    whole = text(read_text(file), "the text")
    segments = tuple(_placed(sentence for line in whole.splitlines() for sentence in sentences(line)))
    transcript = Transcript(file.stem, segments, duration=segments[-1].end, unit="words")
    return Arrival(transcript, None, row)


def sentences(line: str) -> Iterator[str]:
    """The sentences of one line, in order; the last may lack its stop."""
    begin = 0
    for stop in _STOP.finditer(line):
        following = stop[2]
        if following.isupper() or following.isdigit() or following in _QUOTES:
            yield line[begin : stop.start(1)]
            begin = stop.end()
    yield line[begin:]


def _placed(lines: Iterator[str]) -> Iterator[Segment]:
    offset = 0
    for words in (line.split() for line in lines):
        if words:
            yield Segment(float(offset), float(offset + len(words)), " ".join(words))
            offset += len(words)
