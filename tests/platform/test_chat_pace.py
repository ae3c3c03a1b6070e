"""How much is written when, which span it falls into, and whether two clocks agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chat_clock import clock_offset
from errata.domain.chat_messages import ChatMessage
from errata.domain.chat_pace import ChatGap, chat_pace
from errata.domain.snippets import snippets
from errata.domain.transcript import Segment
from errata.wording.chat_sentences import pace_sentences


def written(*times: float) -> list[ChatMessage]:
    return [ChatMessage(time, f"viewer {place % 2}", f"message {place}") for place, time in enumerate(times)]


def test_messages_a_minute_and_gaps() -> None:
    pace = chat_pace(written(-5, 1, 2, 61, 62, 63, 700), 1200)
    assert (pace.messages, pace.early, pace.authors, pace.per_minute) == (6, 1, 2, 0.3)
    assert (pace.busiest, pace.busiest_at) == (3, 60.0)
    assert pace.gaps == (ChatGap(63, 700), ChatGap(700, 1200))
    assert list(pace_sentences(pace)) == [
        "6 messages by 2 authors, and 1 from before it began; 0.3 a minute, at most 3 in the minute from 00:01:00",
        "nobody wrote for five minutes or more 2 times: 00:01:03 to 00:11:40, 00:11:40 to 00:20:00",
    ]


def test_a_chat_that_begins_late_or_holds_one_message_is_counted_too() -> None:
    assert chat_pace(written(400), 410).gaps == (ChatGap(0.0, 400),)
    assert list(pace_sentences(chat_pace(written(10), 20)))[1] == "nowhere five minutes without a message"
    assert chat_pace([], 60).messages == 0


@given(
    times=st.lists(st.floats(-30, 700, allow_nan=False), max_size=20).map(sorted),
    duration=st.floats(1, 600, allow_nan=False),
    length=st.floats(1, 60, allow_nan=False),
)
def test_each_message_within_a_stream_falls_into_one_snippet(
    times: list[float], duration: float, length: float
) -> None:
    cut = snippets([], written(*times), duration, length)
    inside = [message for message in written(*times) if 0 <= message.at <= duration]
    assert [message for snippet in cut for message in snippet.written] == inside
    assert all(
        snippet.start <= message.at <= snippet.end or message.at == duration
        for snippet in cut
        for message in snippet.written
    )
    assert (cut[0].start, cut[-1].end) == (0.0, duration)


def test_what_is_said_belongs_where_it_ends() -> None:
    said = [Segment(0, 9.5, "a"), Segment(9, 11, "b"), Segment(19, 30, "c")]
    assert [[s.text for s in snippet.said] for snippet in snippets(said, [], 30)] == [["a"], ["b"], ["c"]]


WORDS = [f"word{place}" for place in range(40)]


def echoed(offset: float) -> tuple[list[Segment], list[ChatMessage]]:
    """Each rare word is said once, and written eight seconds later, by a clock that is ahead by `offset`."""
    said = [Segment(30.0 * place, 30.0 * place + 5, f"look at {word}") for place, word in enumerate(WORDS)]
    heard = [ChatMessage(30.0 * place + 13 + offset, "fen", f"{word} oh") for place, word in enumerate(WORDS)]
    return said, heard


def test_a_clock_that_agrees_and_a_delay_are_nothing_to_name() -> None:
    assert clock_offset(*echoed(0)) is None
    assert clock_offset(*echoed(30)) is None


@pytest.mark.parametrize("offset", [-300.0, 90.0, 1200.0])
def test_a_clock_that_is_off_is_named_with_about_how_much(offset: float) -> None:
    found = clock_offset(*echoed(offset))
    assert found is not None and abs(found - offset) < 20


def test_words_that_have_nothing_to_do_with_each_other_tell_no_offset() -> None:
    said, heard = echoed(0)
    shuffled = [replace(message, text=f"{WORDS[(7 * place) % 40]} oh") for place, message in enumerate(heard)]
    assert clock_offset(said, shuffled) is None
    assert clock_offset(said, []) is None
