"""What is told of a stream's chapters while it runs: only what is likely to stay, and in the end all of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, Chapters
from errata.domain.live_chapters import LiveChapters, LiveEvent, live_delays, standing
from errata.wording.live_sentences import delay_sentence, event_line

LOOKS = st.lists(
    st.dictionaries(st.integers(0, 6), st.sampled_from("ab"), max_size=4).map(
        lambda found: tuple(Chapter(float(start), found[start]) for start in sorted(found))
    ),
    min_size=1,
    max_size=12,
)


def told_of(looks: Sequence[Chapters]) -> LiveChapters:
    """All of them a second apart, the last about the whole stream."""
    told = LiveChapters()
    for heard, chapters in enumerate(looks[:-1], 1):
        told.look(chapters, float(heard))
    told.end(looks[-1], float(len(looks)))
    return told


def in_mind(events: Sequence[LiveEvent]) -> dict[float, str]:
    """Of somebody who heard all of it."""
    found: dict[float, str] = {}
    for event in events:
        if event.kind == "withdrawn":
            assert found.pop(event.start) == event.title
        else:
            assert (event.start in found) == (event.kind == "renamed")
            found[event.start] = event.title
    return found


@given(LOOKS)
def test_in_the_end_what_was_told_is_the_answer_about_the_whole(looks: list[Chapters]) -> None:
    events = told_of(looks).events
    assert standing(events) == in_mind(events) == {chapter.start: chapter.title for chapter in looks[-1]}


@given(LOOKS, st.integers(0, 12))
def test_a_stream_that_is_taken_up_again_ends_as_if_it_had_not_been_cut_short(looks: list[Chapters], cut: int) -> None:
    before = LiveChapters()
    for heard, chapters in enumerate(looks[:cut], 1):
        before.look(chapters, float(heard))
    after = LiveChapters.resumed(before.events)
    for heard, chapters in enumerate(looks[cut:], cut + 1):
        after.look(chapters, float(heard))
    after.end(looks[-1], float(len(looks)))
    assert after.events[: len(before.events)] == before.events
    assert standing(after.events) == {chapter.start: chapter.title for chapter in looks[-1]}


@given(LOOKS)
def test_while_it_runs_two_looks_in_a_row_must_agree(looks: list[Chapters]) -> None:
    told = LiveChapters()
    before: set[float] = set()
    for heard, chapters in enumerate(looks):
        now = {chapter.start for chapter in chapters}
        for event in told.look(chapters, float(heard)):
            both = event.start in before and event.start in now
            neither = event.start not in before and event.start not in now
            assert both if event.kind != "withdrawn" else neither
        before = now


def test_the_title_of_the_running_chapter_is_told_anew_once_another_begins() -> None:
    looks = [
        (Chapter(0, "So"),),
        (Chapter(0, "So today"),),
        (Chapter(0, "Soil"),),
        (Chapter(0, "Soil"), Chapter(60, "Rain")),
        (Chapter(0, "Soil"), Chapter(60, "Rain")),
    ]
    told = told_of([*looks, looks[-1]])
    assert [(event.kind, event.title, event.heard) for event in told.events] == [
        ("chapter", "So today", 2.0),
        ("renamed", "Soil", 4.0),
        ("chapter", "Rain", 5.0),
    ]
    assert [event_line(event) for event in told.events] == [
        "00:00:00 So today",
        "00:00:00 Soil: its title now",
        "00:01:00 Rain",
    ]


def test_delays_count_what_was_told_in_time_and_stayed() -> None:
    both = (Chapter(0, "Soil"), Chapter(30, "Rain"))
    told = LiveChapters()
    for heard, chapters in [(10, both[:1]), (20, both[:1]), (40, both), (50, both), (60, both[:1]), (70, both[:1])]:
        told.look(chapters, float(heard))
    told.end(both, 80.0)
    delays = live_delays(told.events, both, 80.0)
    assert (delays.chapters, delays.in_time, delays.delays, delays.withdrawn) == (2, 1, (20.0,), 1)
    assert delay_sentence(delays) == (
        "1 of 2 chapters told while it ran, half of them within 20 s, 90 % within 20 s; 1 taken back, 0 renamed"
    )
    assert delay_sentence(live_delays([], (), 5.0)) == "0 of 0 chapters told while it ran; 0 taken back, 0 renamed"


@pytest.mark.parametrize(("share", "delay"), [(0.5, 2.0), (0.9, 4.0), (0.25, 1.0)])
def test_a_share_is_told_within_its_delay(share: float, delay: float) -> None:
    chapters = tuple(Chapter(float(10 * place), "") for place in range(4))
    events = [LiveEvent("chapter", 10.0 * place, "", 10.0 * place + place + 1) for place in range(4)]
    assert live_delays(events, chapters, 99.0).delay(share) == delay
