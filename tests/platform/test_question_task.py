"""How a model is asked a question: with what it is shown, in its own chat template where it has one, in one line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.tasks.encode import ids
from errata.tasks.prompt import Frames, Slot, Text
from errata.tasks.question_task import QuestionTask
from errata.tasks.track import Track
from tests.made_up_model import make_tokenizer

TALK = Transcript(
    "t", (Segment(0, 8, "the first"), Segment(10, 18, "the second"), Segment(600, 608, "a late one")), 700
)


@dataclass(frozen=True)
class Pictures:
    """One a second, for ten minutes."""

    def tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        return (Track("video", "shard", 1, [float(second) for second in range(1, 601)]),)


def task(source: Pictures | None = None, template: str | None = None) -> QuestionTask:
    tokenizer = make_tokenizer(spaced=False)
    tokenizer.chat_template = template
    return QuestionTask(tokenizer, 512, source)


def words(asked: QuestionTask, span: tuple[float, float] | None = None) -> str:
    view = asked.view("Which  one?") if span is None else asked.view("Which  one?", TALK, span)
    return "".join(span.text for span in asked.render(view) if not isinstance(span, Slot | Frames))


def test_a_question_alone_is_asked_without_a_transcript() -> None:
    assert words(task()).endswith("Question: Which one?\nAnswer:")
    assert "Transcript" not in words(task())
    said = "{{ '<user>' + messages[0]['content'] + '</user>' }}{% if add_generation_prompt %}<model>{% endif %}"
    assert words(task(template=said)) == "<user>Which one?\nAnswer in one short sentence.</user><model>"


def test_what_is_said_within_the_span_is_shown_and_nothing_else() -> None:
    assert "Transcript:\nthe first\nthe second\n\nQuestion:" in words(task(), (0, 20))
    assert "Transcript:\nthe second\n\nQuestion:" in words(task(), (8, 600)), "ends at 8; begins at 600"
    with pytest.raises(BadInput, match="'t' has nothing to show from 100 to 200 seconds"):
        task().view("Which?", TALK, (100, 200))


def test_what_is_seen_within_the_span_is_shown_where_nobody_speaks_too() -> None:
    asked = task(Pictures())
    view = asked.view("Which?", TALK, (5, 12))
    shown = [span for span in asked.render(view) if isinstance(span, Frames)]
    assert [(span.first + 1, span.first + span.count) for span in shown] == [(5, 9), (10, 11)], "seconds"
    silent = asked.view("Which?", TALK, (100, 200))
    assert silent.lines == ("",) and any(isinstance(span, Frames) for span in asked.render(silent))
    assert asked.places(silent) > asked.places(asked.view("Which?")) + 10


def test_an_answer_is_one_line_without_its_end() -> None:
    asked = task()
    view = asked.view("Which?")
    assert asked.parse(view, [f" a  heron{asked.closing}"]).text == "a heron"
    assert asked.parse(view, [" a heron"], ["cut"]).problems == ("cut",)


def test_a_special_token_spelled_out_in_a_question_is_characters() -> None:
    asked = task()
    spans = [span for span in asked.render(asked.view("What is <|eos|>?")) if isinstance(span, Text)]
    tokens = [token for span in spans for token in ids(span, asked.tokenizer)]
    assert "<|eos|>" in str(asked.tokenizer.decode(tokens)) and asked.tokenizer.eos_token_id not in tokens
