"""What models are asked of a recording's chunks: whole, in order, and by the tokens that they were taught."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.inference.decode import Decoder, write
from errata.tasks.description_task import DescriptionTask
from errata.tasks.encode import IGNORED
from errata.tasks.prompt import Slot, Text
from errata.tasks.question_task import QuestionTask
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading
from errata.tasks.templates import find, task_name
from errata.tasks.track import Track
from tests.made_up_model import make_tokenizer

TALK = Transcript(
    "walk",
    (
        Segment(2, 8, "here is the gate", "ANN"),
        Segment(10, 18, "it is closed", "ANN"),
        Segment(25, 30, "I have a key", "BEN"),
        Segment(65, 70, "now we see a heron", "BEN"),
        Segment(190, 198, "time for soup", "ANN"),
    ),
    200,
    title="Day 3 of 35",
    channel="Petra",
)
RIGHT = (Chapter(0, "They stand at a gate."), Chapter(61.5, "A heron by the pond."), Chapter(180, "They eat soup."))


@dataclass(frozen=True)
class Pictures:
    """One a second, all along."""

    def tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        return (Track("video", "shard", 1, [float(second) for second in range(1, 200)]),)


def task(
    template: str = "description+60", spaced: bool = False, context: int = 512, source: Pictures | None = None
) -> DescriptionTask:
    made = chapter_task(Card(template, context), make_tokenizer(spaced))
    assert isinstance(made, DescriptionTask)
    return DescriptionTask(made.template, made.tokenizer, context, source=source)


def taught(asked: DescriptionTask, transcript: Transcript = TALK) -> list[Example[Reading]]:
    return list(examples(asked, transcript, asked.right(RIGHT, transcript)))


def learnt(asked: DescriptionTask, example: Example[Reading]) -> str:
    labels = [label for label in example.encoded.labels if label != IGNORED]
    return str(asked.tokenizer.decode(labels))


def read(asked: DescriptionTask, example: Example[Reading]) -> str:
    pairs = zip(example.encoded.input_ids, example.encoded.labels, strict=True)
    return str(asked.tokenizer.decode([token for token, label in pairs if label == IGNORED and token >= 0]))


@pytest.mark.parametrize("spaced", [False, True])
def test_a_chunk_shows_who_says_what_and_teaches_where_when_and_what_happens(spaced: bool) -> None:
    asked = task(spaced=spaced)
    first, second, last = taught(asked)
    assert [example.view.starts[0] for example in (first, second, last)] == [2, 65, 190], "chunk 2 is silent"
    shown = read(asked, first)
    assert "ANN: here is the gate" in shown and "ANN: it is closed" not in shown and "BEN: I have a key" in shown
    assert "gate." not in shown and "Petra" not in shown, "what is asked for is not shown"
    said = learnt(asked, first)
    assert said.strip().startswith("Petra · Day 3 of 35 · 00:00:00 - They stand at a gate.")
    assert "A heron by the pond." in learnt(asked, second) and "00:01:00" in learnt(asked, second)
    assert "They eat soup." in learnt(asked, last)


@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("template", ["description+60", "description+60+previous+recall"])
def test_a_model_may_write_just_what_it_is_taught(template: str, spaced: bool) -> None:
    asked = task(template, spaced)
    decoder = Decoder(asked.tokenizer, len(asked.tokenizer), asked)
    for example in taught(asked):
        answer = write(decoder, example)
        assert answer is not None and answer.chapters == example.right.chapters


def test_who_is_asked_is_told_where_and_when_it_happens() -> None:
    asked = task()
    rendered = asked.render(next(asked.views(TALK)))
    assert rendered[-2:] == (Text("Petra · Day 3 of 35 · 00:00:00 -"), Slot())


@pytest.mark.parametrize("spaced", [False, True])
def test_a_chunk_is_also_taught_by_a_question_that_shows_nothing_of_it(spaced: bool) -> None:
    asked = task("description+60+recall", spaced)
    shown, recalled, *others = taught(asked)
    assert len(others) == 4 and recalled.view.starts == shown.view.starts
    assert learnt(asked, recalled) == learnt(asked, shown)
    assert "here is the gate" not in read(asked, recalled)
    question = "What happens in Petra · Day 3 of 35 · 00:00:00?"
    assert question in read(asked, recalled), "as a question bank asks"
    asking = QuestionTask(asked.tokenizer, asked.context)
    assert asked.render(recalled.view) == asking.render(asking.view(question))


def test_what_happened_before_is_shown_where_the_template_says_so() -> None:
    asked = task("description+60+previous")
    first, second, last = (read(asked, example) for example in taught(asked))
    assert "[" not in first and "[They stand at a gate.]" in second and "[A heron by the pond.]" in last
    views = asked.views(TALK)
    next(views)
    view = views.send(Reading((Chapter(2, "a model's own words"),)))
    assert view.running == "a model's own words", "serving shows what the model said itself"


def test_descriptions_belong_to_the_chunk_that_begins_nearest_and_others_are_not_taught() -> None:
    asked = task()
    right = asked.right((Chapter(59.8, "A heron."), Chapter(70, "It flies.")), TALK)
    assert right.chapters == (Chapter(65, "A heron. It flies."),)
    (only,) = examples(asked, TALK, right)
    assert only.view.starts[0] == 65


def test_a_chunk_is_shown_with_what_is_seen_in_it_and_nothing_of_its_neighbours() -> None:
    """Also before its first line and after its last: at 60 s the second chunk's first picture is on screen, 5 s before
    anybody speaks."""
    asked = task("description+60", context=1024, source=Pictures())
    seen = [
        [place + 1 for span in chunk.encoded.frames for place in range(span.first, span.first + span.count)]
        for chunk in taught(asked)
    ]
    assert [(seconds[0], seconds[-1]) for seconds in seen] == [(1, 59), (62, 119), (180, 199)]
    assert min(seen[1]) < 65, "seen before anybody speaks"


def test_of_a_stream_that_goes_on_the_last_chunk_ends_with_its_last_line() -> None:
    asked = task(source=Pictures())
    views = asked.views(TALK, goes_on=True)
    view = next(views)
    for _ in range(2):
        view = views.send(Reading(()))
    assert view.frames[-1][-1].first + 1 == 197, "a picture a second, until 198"


def test_lines_that_have_no_room_are_counted_and_text_without_times_is_refused() -> None:
    long = Transcript("long", tuple(Segment(n, n + 1, "soil and tools and gardens") for n in range(50)), 50)
    asked = task(context=256)
    views = asked.views(long)
    view = next(views)
    assert 1 <= len(view.lines) < 50
    with pytest.raises(StopIteration) as done:
        views.send(Reading((Chapter(0, "gardening"),)))
    assert done.value.value.problems == (
        f"{50 - len(view.lines)} lines of the chunk at 00:00:00 are not read: no room is left",
    )
    with pytest.raises(BadInput, match="'text' has no times"):
        next(asked.views(Transcript("text", (Segment(0, 3, "a b c"),), 3, unit="words")))


@given(
    st.lists(st.integers(0, 999), min_size=1, max_size=20, unique=True),
    st.lists(st.floats(0, 1000), max_size=5),
    st.integers(1, 400),
)
def test_every_line_is_in_one_chunk_and_no_description_is_lost(
    starts: list[int], described: list[float], seconds: int
) -> None:
    talk = Transcript("t", tuple(Segment(start, start, "soil") for start in sorted(starts)), 1000)
    asked = task(f"description+{seconds}", context=4096)
    right = asked.right(tuple(Chapter(start, f"<{place}>") for place, start in enumerate(described)), talk)
    words = " ".join(chapter.title for chapter in right.chapters)
    assert all(words.count(f"<{place}>") == 1 for place in range(len(described)))
    views, shown = asked.views(talk), list[int]()
    view = next(views)
    while True:
        shown += view.starts
        assert view.starts[-1] // seconds == view.starts[0] // seconds
        try:
            view = views.send(Reading((Chapter(float(view.starts[0]), "x"),)))
        except StopIteration:
            break
    assert shown == sorted(starts)


def test_the_templates_options_are_named() -> None:
    assert task_name("description") == task_name("description+300+previous") == "description"
    assert task_name("borders") == "chapters"
    with pytest.raises(BadInput, match=r"no option 'often'; it has previous, recall, and a chunk's seconds"):
        find("description+often")
    with pytest.raises(BadInput, match="no option '0'"):
        find("description+0")
