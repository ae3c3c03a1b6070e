"""Reads captions for the tests."""

from __future__ import annotations

from pathlib import Path

from errata.domain.transcript import Segment
from errata.formats import srt, webvtt
from errata.formats.source_rows import ImportedTranscript
from errata.formats.talk import read as read_talk

READERS = {"vtt": webvtt, "srt": srt}


def segments(file: Path) -> tuple[Segment, ...]:
    (arrival,) = read_talk(READERS[file.suffix[1:]].speech, file)
    assert isinstance(arrival, ImportedTranscript), arrival
    assert arrival.transcript.external_id == file.stem
    return arrival.transcript.segments
