"""A stream's lines as they come in, from a file that is played or from a program that writes them."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats.live_lines import read_live_line
from errata.operations.live_sources import LineStream, played


@pytest.mark.parametrize(
    ("line", "segment"),
    [
        ('{"start": 3, "end": 6.1, "text": "This  is the kiln.", "speaker": "Ann"}', (3.0, 6.1, "Ann")),
        ('{"start": 3, "text": "This is the kiln."}', (3.0, 3.0, None)),
        ("[00:00:03.000 --> 00:00:06.140]  This is the kiln.", (3.0, 6.14, None)),
        ("0:03 This is the kiln.", (3.0, 3.0, None)),
        ("This is the kiln.", (7.5, 7.5, None)),
    ],
)
def test_a_line_is_read_whichever_way_it_comes(line: str, segment: tuple[float, float, str | None]) -> None:
    start, end, speaker = segment
    assert read_live_line(line + "\n", came=7.5, last=2.0) == Segment(start, end, "This is the kiln.", speaker)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"start": 1, "text": "a"}', "it begins at 1 s, before the line that came before it"),
        ('{"start": "x", "text": "a"}', "its start must be a number, not 'x'"),
        ('{"start": 3}', "the text must be text, not None"),
        ('{"start": 3, "text": "a"', "Expecting"),
        ("0:01 a", "it begins at 1 s, before the line that came before it"),
    ],
)
def test_what_can_t_be_read_is_refused_by_its_reason(line: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        read_live_line(line, came=9.0, last=2.0)


@given(st.text(max_size=60), st.floats(0, 1e4), st.floats(0, 1e4))
def test_any_line_is_a_segment_nothing_or_a_sentence(line: str, came: float, last: float) -> None:
    try:
        segment = read_live_line(line, came, last)
    except BadInput:
        return
    if segment is not None:
        assert segment.end >= segment.start >= last and segment.text.strip()


def test_a_line_that_is_refused_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    lines = LineStream(io.StringIO('0:05 a\n0:02 b\n\n{"start": -1, "text": "c"}\n0:09 d\n'))
    segments = [segment for batch in lines.batches() for segment in batch]
    assert [(segment.start, segment.text) for segment in segments] == [(5.0, "a"), (9.0, "d")]
    assert lines.refused == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("line 2 is left out: it begins at 2 s") and told[1].startswith("line 4 is left out: ")


def test_a_stream_ends_when_a_day_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"start": start, "end": start + 5, "text": "a"} for start in (0, 86_000, 86_399, 86_400)]
    lines = LineStream(io.StringIO("".join(json.dumps(row) + "\n" for row in rows)))
    assert [segment.start for batch in lines.batches() for segment in batch] == [0.0, 86_000.0]
    assert "the stream has lasted a day" in capsys.readouterr().err


def test_what_was_said_meanwhile_comes_at_once() -> None:
    segments = tuple(Segment(place / 1000, (place + 1) / 1000, "a") for place in range(50))
    batches = list(played(Transcript("t", segments, 0.05), speed=1.0))
    assert tuple(segment for batch in batches for segment in batch) == segments
    assert list(played(Transcript("t", segments, 0.05), speed=0.0)) == [[segment] for segment in segments]
