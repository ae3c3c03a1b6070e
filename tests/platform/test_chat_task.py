"""What models are asked of a chat: causal, whole, and by the tokens that they were taught."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.inference.decode import Decoder, write
from errata.inference.engine import Draw
from errata.inference.load import load
from errata.inference.model import LoadedModel
from errata.tasks.chat_task import MOST_ASKED, ChatTask, _spans, spread, timeline, with_chat
from errata.tasks.encode import IGNORED
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates.next_message import NextMessage
from errata.tasks.track import Track
from retrain.served_tokens import drifts
from tests.made_up_chat import stream
from tests.made_up_model import make_model, make_tokenizer


def task(context: int = 512, spaced: bool = False, marked: bool = False) -> ChatTask:
    return ChatTask(NextMessage(marked), make_tokenizer(spaced), context)


def test_nothing_is_shown_before_it_is_known() -> None:
    talk = Transcript("t", (Segment(0, 30, "a long one"), Segment(40, 41, "short")), 60)
    chat = with_chat(talk, (Chapter(10, "early"), Chapter(30, "at its end"), Chapter(50, "late")))
    assert [line.text for line in timeline(chat)] == ["early", "a long one", "at its end", "short", "late"]


@given(
    costs=st.lists(st.integers(1, 30), min_size=1, max_size=60),
    budget=st.integers(40, 120),
)
def test_windows_ask_for_each_line_once_and_fit(costs: Sequence[int], budget: int) -> None:
    spans = list(_spans(costs, budget))
    fresh = [place for first, begin, last in spans for place in range(begin, last)]
    assert fresh == list(range(len(costs)))
    assert all(first <= begin < last for first, begin, last in spans)
    assert all(sum(costs[first:last]) <= budget for first, _, last in spans)


@given(count=st.integers(0, 200), most=st.integers(1, 30))
def test_places_are_spread_and_never_twice(count: int, most: int) -> None:
    places = spread(count, most)
    assert len(places) == min(count, most) == len(set(places))
    assert all(0 <= place < count for place in places) and places == sorted(places)


FORMS = [(True, True), (False, True), (False, False)]
"""Whether the tokenizer puts a blank before a text, and whether lines end with a marker."""


@pytest.mark.parametrize(("spaced", "marked"), FORMS)
@pytest.mark.parametrize("context", [160, 512])
def test_every_message_is_learnt_once_and_nothing_else_is(context: int, spaced: bool, marked: bool) -> None:
    asked, (pond, messages) = task(context, spaced, marked), stream("pond", rounds=12)
    lessons = list(examples(asked, pond, asked.right(messages, pond)))
    assert [chapter.title for lesson in lessons for chapter in lesson.right.chapters] == [m.title for m in messages]
    for lesson in lessons:
        learnt = [label for label in lesson.encoded.labels if label != IGNORED]
        said = re.split(r"\n|<\|end\|>", str(asked.tokenizer.decode(learnt[:-1])))
        assert [line.strip() for line in said[:-1]] == [m.title for m in lesson.right.chapters] and not said[-1]
        assert len(lesson.encoded.input_ids) <= context and learnt[-1] == asked.tokenizer.eos_token_id


@pytest.mark.parametrize(("spaced", "marked"), FORMS)
def test_a_model_is_asked_by_the_tokens_that_it_was_taught(spaced: bool, marked: bool) -> None:
    asked, (pond, messages) = task(512, spaced, marked), stream("pond", rounds=6)
    decoder = Decoder(asked.tokenizer, len(asked.tokenizer), asked)
    for lesson in examples(asked, pond, Reading(messages)):
        assert not drifts(decoder.ask(lesson.view), lesson.encoded)
        answer = write(decoder, lesson)
        assert answer is not None and answer.chapters == lesson.right.chapters


class Seen:
    """A vector a second, each of one place."""

    def tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        return (Track("video", "shard", 1, [float(second) for second in range(1, 61)]),)


def test_what_is_seen_stands_before_what_was_written_after_it() -> None:
    pond, messages = stream("pond", rounds=2)
    asked = replace(task(), source=Seen())
    (view,) = asked.lessons(pond, Reading(messages))
    spans = [[(span.first, span.count) for span in frames] for frames in view.frames]
    assert [line[:5] for line in view.lines[1::2]] == ["hello", "hello"]
    assert spans == [[(0, 6)], [(6, 4)], [(10, 16)], [(26, 4)]], "said to 6, written at 10, said to 26, written at 30"
    (lesson,) = examples(asked, pond, Reading(messages))
    assert sum(span.count for span in lesson.encoded.frames) == 30
    assert with_chat(replace(pond, vectors=()), messages).vectors == ()


def test_a_transcript_without_a_chat_is_refused_in_a_sentence() -> None:
    pond, _ = stream("pond")
    with pytest.raises(BadInput, match=r"'pond' has no chat.*errata import chat"):
        next(task().views(pond))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel[Reading]:
    folder = tmp_path_factory.mktemp("models") / "chat"
    make_model(folder, "chat", context=512)
    engine = load(folder, folder.parent)
    return LoadedModel(engine, chapter_task(Card.read(folder), engine.tokenizer))


@pytest.mark.slow
def test_what_a_model_says_is_no_part_of_what_it_reads_next(model: LoadedModel[Reading]) -> None:
    """Each message is asked for after what was really written, whatever was said in the places before it."""
    pond, messages = stream("pond", rounds=5)
    (together,) = model.answer([with_chat(pond, messages)])
    assert [message.start for message in together.chapters] == [message.start for message in messages]
    assert isinstance(model.task, ChatTask)
    for place, message in enumerate(messages):
        alone = model.ask(model.task.next_view(with_chat(pond, messages[:place]), message.start)) if place else None
        assert alone is None or alone.chapters[0].title == together.chapters[place].title


@pytest.mark.slow
def test_what_comes_later_changes_nothing_that_was_said_before(model: LoadedModel[Reading]) -> None:
    pond, messages = stream("pond", rounds=6)
    shorter = replace(pond, segments=pond.segments[:3])
    (whole,) = model.answer([with_chat(pond, messages)])
    (half,) = model.answer([with_chat(shorter, messages[:3])])
    assert [message.title for message in half.chapters] == [message.title for message in whole.chapters[:3]]


def test_a_long_chat_is_asked_for_in_places_that_are_spread() -> None:
    pond, messages = stream("pond", rounds=2 * MOST_ASKED)
    asked = task(context=256)
    views, said = asked.views(with_chat(pond, messages)), []
    view = next(views)
    with pytest.raises(StopIteration) as done:
        while True:
            said += [view.lines[place] for place in view.asked]
            view = views.send(asked.parse(view, [f"answer {place}\n" for place in view.asked]))
    right = [messages[place] for place in spread(len(messages), MOST_ASKED)]
    assert said == [message.title for message in right]
    assert [message.start for message in done.value.value.chapters] == [message.start for message in right]


@pytest.mark.slow
def test_a_draw_is_the_seeds_alone_and_the_likeliest_words_need_none(model: LoadedModel[Reading]) -> None:
    assert isinstance(model.task, ChatTask)
    view = model.task.next_view(with_chat(*stream("pond", rounds=3)), 55.0)

    def said(draw: Draw | None) -> str:
        return model.ask(view, draw=draw).chapters[0].title

    assert said(Draw(1.0, 50, 7)) == said(Draw(1.0, 50, 7))
    assert len({said(Draw(1.0, 0, seed)) for seed in range(3)}) > 1
    assert said(Draw(1.0, 1, 3)) == said(Draw(1e-6, 0, 4)) == said(None)


def test_draws_follow_the_temperature_and_keep_to_the_likeliest() -> None:
    logits, tokens = np.log(np.array([0.6, 0.3, 0.1], dtype=np.float32)), np.array([4, 7, 9])
    draw = Draw(1.0, 0, 1)
    drawn = [draw.choose(tokens, logits).token for _ in range(4000)]
    assert [abs(drawn.count(token) / 4000 - share) < 0.03 for token, share in ((4, 0.6), (7, 0.3), (9, 0.1))] == [
        True
    ] * 3
    two = Draw(1.0, 2, 1)
    assert {two.choose(tokens, logits).token for _ in range(200)} == {4, 7}
    hot = Draw(100.0, 0, 1)
    assert abs([hot.choose(tokens, logits).token for _ in range(4000)].count(9) / 4000 - 1 / 3) < 0.03
