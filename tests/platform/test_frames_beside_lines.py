"""What a model is shown of a recording beside each line: where it stands, how much of it fits, and that words alone
stay as they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.modality import Modality
from errata.domain.transcript import Segment, Transcript
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.tasks.asked_lines import PLACES, line_frames
from errata.tasks.chapters import PROMPT_SHARE, ChapterTask
from errata.tasks.encode import PLACEHOLDERS
from errata.tasks.prompt import Frames, Slot
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates import TEMPLATES
from errata.tasks.track import Track, beside, places_of, since
from tests.made_up_model import familiar_talk, make_tokenizer
from tests.made_up_record import chapters


@dataclass(frozen=True)
class Recording:
    """One picture, or sound, a second, whatever the talk."""

    seconds: int
    tokens: int = 1
    medium: Modality = "video"

    def tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        return (Track(self.medium, "shard", self.tokens, [float(second) for second in range(1, self.seconds + 1)]),)


def task_of(template: str, source: Recording | None, context: int = 512) -> ChapterTask:
    task = chapter_task(Card(template, context), make_tokenizer(spaced=template == "inline"))
    return replace(task, source=source)


def seen_places(spans: tuple[Frames, ...]) -> list[int]:
    return [place for span in spans for place in range(span.first, span.first + span.count)]


def test_a_line_stands_with_what_is_seen_until_the_next_one_begins() -> None:
    talk = familiar_talk("t")  # six lines, ten seconds each
    frames = line_frames(Recording(63), talk)
    # the picture of second 10 is of the line that begins then; what comes after the last line is the last one's
    assert [seen_places(spans) for spans in frames] == [
        list(range(9)),
        *(list(range(10 * line - 1, 10 * line + 9)) for line in range(1, 5)),
        list(range(49, 63)),
    ]
    assert all(len(spans) == 1 for spans in frames), "neighbours share a span"


def test_the_sound_that_is_known_when_a_line_begins_is_of_the_line_before() -> None:
    frames = line_frames(Recording(63, medium="audio"), familiar_talk("t"))
    assert [seen_places(spans) for spans in frames] == [
        *(list(range(10 * line, 10 * line + 10)) for line in range(5)),
        list(range(50, 63)),
    ]


def test_text_without_times_and_a_talk_without_vectors_have_words_alone() -> None:
    talk = familiar_talk("t")
    assert line_frames(Recording(60), replace(talk, unit="words")) == ()
    assert line_frames(None, talk) == ()
    view = next(task_of("inline", None).views(talk))
    assert view.frames == ()


@given(
    times=st.lists(st.floats(0, 500), max_size=200, unique=True).map(sorted),
    span=st.tuples(st.floats(-1, 500), st.floats(-1, 500)).map(sorted),
    medium=st.sampled_from(["video", "audio"]),
    tokens=st.integers(1, 20),
    most=st.integers(1, 40),
)
def test_of_more_than_fits_those_that_lie_evenly_are_shown(times, span, medium, tokens, most) -> None:
    start, end = span
    track = Track(medium, "shard", tokens, times)
    known = [place for place, time in enumerate(times) if start < time <= end]
    seen = [place for place, time in enumerate(times) if start <= time < end]
    inside = seen if medium == "video" else known
    assert len(since([track], start, end, 1000)) == (1 if known else 0)
    spans = beside([track], start, end, most)
    places = seen_places(spans)
    assert places_of(spans) <= max(most, tokens)
    assert set(places) <= set(inside)
    assert places[-1:] == inside[-1:], "the newest is always among them"
    if len(inside) * tokens <= most:
        assert places == inside
    gaps = [later - earlier for earlier, later in pairwise(places)]
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_shows_the_frames_before_the_words_of_their_line(template: str) -> None:
    talk = familiar_talk("t")
    task = task_of(template, Recording(60), context=1024)
    right = Reading(chapters(0, 30, by="Gardens"))
    for example in examples(task, talk, right):
        assert example.encoded.input_ids.count(PLACEHOLDERS["video"]) == 60
        assert [place for span in example.encoded.frames for place in seen_places((span,))] == list(range(60))
        assert len(example.encoded.input_ids) == len(example.encoded.labels)
    view = next(task.views(talk))
    prompt = task.render(view)
    assert sum(isinstance(span, Frames) for span in prompt) == 6
    # without them it is, token by token, the prompt that words alone have
    assert task.render(replace(view, frames=())) == task_of(template, None, 1024).render(replace(view, frames=()))


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_seen_counts_in_a_window(template: str) -> None:
    lines = tuple(Segment(4.0 * line, 4.0 * line + 3, "so today we talk") for line in range(60))
    talk = Transcript("long", lines, 240.0)
    alone, seeing = (list(_windows(task_of(template, source), talk)) for source in (None, Recording(240, tokens=3)))
    assert len(seeing) > len(alone)
    right = Reading(chapters(0, 120, by="Gardens"))
    task = task_of(template, Recording(240, tokens=3))
    for example in examples(task, talk, right):
        assert len(example.encoded.input_ids) <= task.context
        assert all(places_of(spans) <= PLACES for spans in example.view.frames)


def _windows(task: ChapterTask, talk: Transcript) -> set[tuple[int, ...]]:
    views, found = task.views(talk), set()
    view = next(views)
    while True:
        found.add(view.starts)
        try:
            view = views.send(Reading((), odds=(-9.0,) * (len(view.lines) - view.fresh)))
        except StopIteration:
            return found


def test_a_line_that_is_silent_for_long_leaves_room_for_its_words() -> None:
    """Two lines, five minutes apart: what is seen of the silence is thinned, and not cut off."""
    talk = Transcript("t", (Segment(0, 2, "so today we talk"), Segment(300, 302, "and then the tools")), 302.0)
    task = task_of("inline", Recording(302), context=256)
    (example,) = examples(task, talk, Reading(chapters(0, 300, by="Tools")))
    (first, second) = example.view.frames
    assert places_of(first) == PLACES and seen_places(first)[-1] == 298, "of second 299"
    assert seen_places(second) == [299, 300, 301]
    assert len(example.encoded.input_ids) < PROMPT_SHARE * task.context


def test_what_comes_later_changes_nothing_of_a_stream_that_goes_on() -> None:
    talk = familiar_talk("t")
    shorter = replace(talk, segments=talk.segments[:4], duration=40.0)
    whole, so_far = line_frames(Recording(60), talk), line_frames(Recording(60), shorter, goes_on=True)
    assert so_far[:3] == whole[:3]
    assert seen_places(so_far[3]) == list(range(29, 38)), "of the last line, what is seen until its end"


def test_frames_that_no_slot_follows_are_no_answer() -> None:
    prompt = task_of("inline", Recording(60)).render(next(task_of("inline", Recording(60)).views(familiar_talk("t"))))
    assert not any(span.silence for span in prompt if isinstance(span, Frames))
    assert sum(isinstance(span, Slot) for span in prompt) == 7
