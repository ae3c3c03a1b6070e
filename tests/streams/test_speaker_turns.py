"""Who speaks when meets what is said: words, lines without words, and turns of one speaker at a time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput, Unavailable
from errata.streams import pyannote_speakers
from errata.streams.pyannote_speakers import as_turns, turns_of_lines
from errata.streams.recognition import line_of
from errata.streams.speaker_turns import SpeakerTurn, _speaker_of, with_speakers
from errata.streams.voice_clusters import _windows
from tests.streams.conftest import Acquire

Line = dict[str, Any]


def words(*spans: tuple[str, float, float]) -> Line:
    return line_of([{"word": f" {word}", "start": start, "end": end} for word, start, end in spans])


@st.composite
def one_after_the_other(draw: st.DrawFn) -> list[SpeakerTurn]:
    edges = sorted(draw(st.lists(st.integers(0, 400), min_size=2, max_size=30, unique=True)))
    spans = [span for span in pairwise(edges) if draw(st.booleans())]
    return [SpeakerTurn(start / 4, end / 4, draw(st.sampled_from("abc"))) for start, end in spans]


def overlap(line: Line, turn: SpeakerTurn) -> float:
    return min(line["end"], turn.end) - max(line["start"], turn.start)


@given(one_after_the_other(), st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=8))
def test_a_lines_turns_are_those_that_fall_into_it_or_the_nearest(
    turns: list[SpeakerTurn], spans: list[tuple[int, int]]
) -> None:
    lines: list[Line] = [{"start": begin / 4, "end": (begin + length) / 4, "text": "a"} for begin, length in spans]
    for line, found in zip(lines, turns_of_lines(lines, turns), strict=True):
        inside = [turn for turn in turns if overlap(line, turn) > 0]
        if inside or not turns:
            assert found == inside
        else:
            assert len(found) == 1 and overlap(line, found[0]) == max(overlap(line, turn) for turn in turns)


@given(st.integers(0, 300), st.integers(1, 200), st.data())
def test_of_equal_windows_a_word_is_of_the_one_whose_middle_is_nearest(
    begin: int, length: int, data: st.DataObject
) -> None:
    windows = [SpeakerTurn(*span, str(at)) for at, span in enumerate(_windows(begin / 10, (begin + length) / 10))]
    middle = (begin + data.draw(st.floats(0, length))) / 10

    def away(speaker: str) -> float:
        window = windows[int(speaker)]
        return abs((window.start + window.end) / 2 - middle)

    found = _speaker_of({"start": middle, "end": middle}, windows)
    assert away(found) == pytest.approx(min(away(window.speaker) for window in windows))


def test_a_line_that_two_people_share_is_cut_and_who_speaks_first_is_the_first() -> None:
    lines = [words(("so", 1, 1.5), ("then", 2, 2.5), ("yes", 3, 3.4)), {"start": 4.0, "end": 8.0, "text": "captions"}]
    turns = [SpeakerTurn(0, 2.8, "z"), SpeakerTurn(2.8, 5, "a"), SpeakerTurn(5, 20, "z")]
    named, count = with_speakers(lines, turns_of_lines(lines, turns))
    assert count == 2
    assert [(line["text"], line["speaker"], line["start"], line["end"]) for line in named] == [
        ("so then", "SPEAKER_00", 1, 2.5),
        ("yes", "SPEAKER_01", 3, 3.4),
        ("captions", "SPEAKER_00", 4.0, 8.0),
    ], "who is heard longest has a line without words"


def test_one_voice_or_nobody_is_nobody_in_particular() -> None:
    lines = [words(("so", 1, 1.5)), words(("then", 9, 9.5))]
    assert with_speakers(lines, turns_of_lines(lines, [SpeakerTurn(0, 2, "a")])) == (lines, 1)
    assert with_speakers(lines, turns_of_lines(lines, [])) == (lines, 0)


def test_what_pyannote_hears_is_turns_in_the_order_of_time() -> None:
    core = pytest.importorskip("pyannote.core")
    heard = core.Annotation(uri="talk")
    heard[core.Segment(4.0, 6.0)] = "SPEAKER_00"
    heard[core.Segment(0.5, 3.5)] = "SPEAKER_01"
    assert as_turns(heard) == [(0.5, 3.5, "SPEAKER_01"), (4.0, 6.0, "SPEAKER_00")]


def test_what_cannot_tell_speakers_apart_is_named_before_anything_is_done(
    take: Acquire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "talk.mp4").touch()
    with pytest.raises(BadInput, match="called 'pyanote'; say voices, pyannote, or the folder"):
        take(tmp_path / "talk.mp4", speakers=True, speakers_by="pyanote")
    monkeypatch.setattr(pyannote_speakers, "TOOL", "pyannote-that-is-not-there")
    with pytest.raises(Unavailable, match=r"pip install 'pyannote\.audio>=4,<5', or leave out --speakers-by"):
        take(tmp_path / "talk.mp4", speakers=True, speakers_by="pyannote")
