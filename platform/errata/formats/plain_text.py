"""Plain text without times: one `.txt` file is one transcript, placed by word offsets.

A segment is a sentence, which ends with a line, or within one as `domain.sentences` says. It runs from the number of
words before it to the number of words after it; of a script without blanks between words, each letter counts as one.
The file's stem is the id.
`[ANN]: ` before a line's words names their speaker, as WhisperX writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from errata.domain.chapter import tidy
from errata.domain.sentences import count_words, sentences
from errata.domain.transcript import Segment, Transcript
from errata.formats.fields import text
from errata.formats.json_files import read_text
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow, convert_rows
from errata.formats.speakers import split_bracketed_speaker
from errata.formats.talk_names import talk_of


def read(path: Path) -> Iterator[ImportedTranscript | Rejected]:
    """The transcript in a file. Raises BadInput, at once, when it can't be read."""
    whole = read_text(path)
    return convert_rows([SourceRow(str(path), talk_of(path), None)], lambda row: transcript_of(row, whole))


def transcript_of(row: SourceRow, whole: str) -> ImportedTranscript:
    """Of the words `whole`, under the id that `row.raw` is. Raises BadInput."""
    name = text(row.row, "the file's name")
    segments: list[Segment] = []
    offset = 0
    for line in text(whole, "the text").splitlines():
        spoken = split_bracketed_speaker({"text": line, "speaker": ""})
        for sentence in sentences(spoken["text"]):
            end = offset + count_words(sentence)
            if end > offset:
                segments.append(Segment(float(offset), float(end), tidy(sentence), tidy(spoken["speaker"]) or None))
            offset = end
    return ImportedTranscript(Transcript(name, tuple(segments), float(offset), unit="words"), None, row)
