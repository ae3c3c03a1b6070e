"""Talks of the sample that are spoken: a chapter begins where its first word does, after the silence that was left."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from benchmarks.spoken_talks import PAUSE, QUIET, RATE, record_talk
from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.formats.source_rows import ImportedTranscript, SourceRow
from tests.streams.recordings import need

pytestmark = pytest.mark.slow


def test_chapters_begin_with_their_first_words(tmp_path: Path) -> None:
    need("espeak-ng")
    texts = ("Good morning.", "First, the soil.", "It is wet.", "And now the tools.", "They are sharp.") * 4
    lines = tuple(Segment(3.0 * at, 3.0 * at + 2, text, f"S{at % 2}") for at, text in enumerate(texts))
    talk = Transcript("talk", lines, 60.0, title="A garden", channel="c")
    right = tuple(Chapter(float(start), f"From {start}") for start in range(0, 60, 6))
    path = record_talk(ImportedTranscript(talk, right, SourceRow("", "talk", {})), tmp_path)
    with wave.open(str(path)) as file:
        sound = np.abs(np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(int))
    info = json.loads(path.with_suffix(".info.json").read_text())
    assert [chapter["title"] for chapter in info["chapters"]] == [chapter.title for chapter in right]
    begins = [round(chapter["start_time"] * RATE) for chapter in info["chapters"]]
    silences = [begin - np.flatnonzero(sound[:begin] > QUIET)[-1] for begin in begins[1:]]
    assert all(sound[begin] > QUIET for begin in begins)
    assert sum(silence >= PAUSE[0] * RATE for silence in silences) >= len(silences) // 2, "most of them after a pause"
