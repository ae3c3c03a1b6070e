"""A talk that comes in a request is read as one that is imported: same formats, same checks, same sentences."""

from __future__ import annotations

from tempfile import gettempdir

import pytest

from errata.errors import BadInput
from errata.operations.asked_talk import TalkDetails, talk_of_captions, talk_of_segments, talk_of_text

VTT = "WEBVTT\n\n00:00.000 --> 00:04.000\nWelcome to the kiln.\n\n00:04.000 --> 00:09.000\nIt cools for hours.\n"
SRT = "1\n00:00:00,000 --> 00:00:04,000\nWelcome to the kiln.\n\n2\n00:00:04,000 --> 00:00:09,000\nIt cools.\n"
WHISPER = '{"segments": [{"start": 0, "end": 4, "text": "The kiln."}, {"start": 4, "end": 9, "text": "It cools."}]}'


@pytest.mark.parametrize(
    ("captions", "format_name"),
    [(VTT, "webvtt"), (VTT, "auto"), (SRT, "srt"), (SRT, "auto"), (WHISPER, "whisper"), (WHISPER, "auto")],
)
def test_captions_are_read_by_name_or_found_out(captions: str, format_name: str) -> None:
    transcript = talk_of_captions(captions, format_name, TalkDetails("k", "Kiln")).transcript
    assert (transcript.external_id, transcript.title, transcript.unit) == ("k", "Kiln", "seconds")
    assert [(segment.start, segment.end) for segment in transcript.segments] == [(0.0, 4.0), (4.0, 9.0)]


def test_plain_text_is_placed_by_words() -> None:
    transcript = talk_of_text("Welcome to the kiln. It cools for hours.", TalkDetails()).transcript
    assert transcript.unit == "words"
    assert [segment.start for segment in transcript.segments] == [0.0, 4.0]


def test_without_an_id_the_words_name_the_talk() -> None:
    first, again, other = (
        talk_of_text(text, TalkDetails()).transcript for text in ("One. Two.", "One. Two.", "Three.")
    )
    assert first == again and first.external_id.startswith("asked-")
    assert first.external_id != other.external_id


@pytest.mark.parametrize(
    ("captions", "format_name", "sentence"),
    [
        (VTT, "betamax", "'betamax' is no format of captions"),
        (VTT, "chapter-llama", "no format of captions"),
        ("", "auto", "the talk is empty"),
        ("", "text", "the talk is empty"),
        ("\ud800", "text", "half a character"),
        ("WEBVTT\n\n00:zz --> 00:04.000\nx\n", "webvtt", "the talk|line"),
    ],
)
def test_what_cannot_be_read_is_named_and_no_file_of_ours(captions: str, format_name: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as caught:
        talk_of_captions(captions, format_name, TalkDetails())
    assert gettempdir() not in str(caught.value)


def test_segments_are_checked_as_a_file_s() -> None:
    with pytest.raises(BadInput, match="NUL"):
        talk_of_segments([{"start": 0, "end": 1, "text": "a\0b", "speaker": None}], None, TalkDetails("x"))
    with pytest.raises(BadInput, match="NUL"):
        talk_of_segments([{"start": 0, "end": 1, "text": "ab", "speaker": None}], None, TalkDetails("x\0"))
    with pytest.raises(BadInput, match="a day or more"):
        talk_of_segments([{"start": 0, "end": 86_400, "text": "ab", "speaker": None}], None, TalkDetails("x"))
