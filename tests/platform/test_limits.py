"""What no right answer comes near is not answered, and what is right always can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.inference.decode import Decoder, write
from errata.inference.engine import Choice
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.limits import (
    CIRCLED_TOKENS,
    CIRCLES,
    TITLE_TOKENS,
    goes_in_circles,
    most_chapters,
)
from errata.tasks.task import examples
from errata.tasks.template import Reading
from tests.made_up_model import make_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

ALL = sorted(templates.TEMPLATES.keys() - {"borders"})  # which names one chapter a slot, and decides nothing else
MOST = most_chapters(12)
TALK = Transcript(
    "talk",
    tuple(Segment(10.0 * line, 10.0 * line + 9, f"we talk about soil {line}") for line in range(12)),
    120.0,
    title="A talk",
)


def task_of(template: str, context: int = 4096) -> tuple[ChapterTask, PreTrainedTokenizerFast]:
    tokenizer = make_tokenizer(spaced=template == "inline")
    return ChapterTask(templates.find(template), tokenizer, context), tokenizer


def said(template: str, prefer: Callable[[list[int], npt.NDArray[np.intp]], int], context: int = 4096) -> Reading:
    """What is read where a model says what `prefer` picks of the tokens that may come next, after those it said."""
    task, tokenizer = task_of(template, context)
    ask = Decoder(tokenizer, len(tokenizer), task).ask(next(task.views(TALK)))
    step, answer = next(ask), list[int]()
    while True:
        answer.append(int(prefer(answer, np.flatnonzero(step.allowed))))
        try:
            step = ask.send(Choice(answer[-1]))
        except StopIteration as done:
            reading: Reading = done.value
            return reading


def can_be_written(template: str, titles: Sequence[str]) -> bool:
    """Whether a model may give the talk's lines these titles, in order."""
    task, tokenizer = task_of(template)
    right = Reading(tuple(Chapter(10.0 * line, title) for line, title in enumerate(titles)))
    (example,) = examples(task, TALK, right)
    return write(Decoder(tokenizer, len(tokenizer), task), example) == right


def babbled(template: str, context: int) -> Reading:
    """Of a model that ends neither a title nor its answer while it may do anything else, and says ever new things."""
    task, tokenizer = task_of(template)
    ends = {tokenizer.eos_token_id, *tokenizer.encode(task.closing, add_special_tokens=False)}
    letters = [tokenizer.convert_tokens_to_ids(letter) for letter in "abcdefghijklm"]

    def babble(answer: list[int], allowed: npt.NDArray[np.intp]) -> int:
        letter = letters[(len(answer) * len(answer) + len(answer) // 7) % len(letters)]
        if letter in allowed:
            return letter
        return max((int(token) for token in allowed if token not in ends), default=int(allowed[0]))

    return said(template, babble, context)


@pytest.mark.parametrize("template", ALL)
def test_a_model_that_will_not_end_is_ended(template: str) -> None:
    reading = babbled(template, context=16_384)
    assert not reading.problems
    assert 1 <= len(reading.chapters) <= MOST
    _, tokenizer = task_of(template)
    assert all(len(tokenizer.encode(chapter.title)) <= TITLE_TOKENS for chapter in reading.chapters)


def test_an_answer_that_fills_the_context_says_so() -> None:
    assert any("of 420 tokens" in problem for problem in babbled("json", context=420).problems)


@pytest.mark.parametrize("template", ALL)
def test_a_title_that_goes_in_circles_ends(template: str) -> None:
    _, tokenizer = task_of(template)
    zero = tokenizer.convert_tokens_to_ids("0")
    reading = said(template, lambda _, allowed: zero if zero in allowed else int(allowed[-1]))
    titles = [chapter.title for chapter in reading.chapters]
    assert any("0" * CIRCLED_TOKENS in title for title in titles)
    assert not any("0" * (CIRCLED_TOKENS + 1) in title for title in titles)


@pytest.mark.parametrize("template", ALL)
def test_what_is_right_can_be_written(template: str) -> None:
    long = " ".join(f"part {number} of so many" for number in range(9))
    titles = ["Welcome", "1,000,000 so 1000000", "so and so and so", "Sponsor", "Sponsor", long, "Sponsor"]
    assert can_be_written(template, titles[:MOST])


def test_what_a_list_of_json_quotes_is_there_whatever_was_said() -> None:
    said = ['She said "no".', "C:\\new \\ // 😀", "<|end|> Fine. So.", "Fine. So?", "Fine. So.", "\u202eright to left"]
    talk = Transcript("quotes", tuple(Segment(10.0 * at, 10.0 * at + 9, text) for at, text in enumerate(said)), 60.0)
    task, tokenizer = task_of("json")
    right = Reading(tuple(Chapter(10.0 * at, f'Of "{at}" \\ 😀') for at in (0, 1, 2, 3, 5)))
    (example,) = examples(task, talk, right)
    assert write(Decoder(tokenizer, len(tokenizer), task), example) == right


@pytest.mark.parametrize("template", ["indexed", "timestamps", "inline"])
def test_a_title_may_come_again_and_again(template: str) -> None:
    """Where it was forbidden, the sample's model wrote another title instead, which was as wrong and cost points."""
    assert can_be_written(template, ["Sponsor", "Sponsor", "Sponsor"])
    assert can_be_written(template, ["Sponsor", "sponsor", "SPONSOR", "Soil"])


@pytest.mark.parametrize("template", ALL)
def test_no_window_has_a_chapter_a_line(template: str) -> None:
    titles = [f"Part {number}" for number in range(12)]
    assert can_be_written(template, titles[:MOST])
    assert not can_be_written(template, titles)


@given(st.lists(st.integers(0, 2), max_size=30))
def test_circles_are_what_is_said_three_times_over(title: list[int]) -> None:
    endings = (title[begin:] for begin in range(len(title) - CIRCLED_TOKENS + 1))
    assert goes_in_circles(title) == any(
        ending == ending[:period] * (len(ending) // period)
        for ending in endings
        for period in range(1, len(ending) // CIRCLES + 1)
    )


def test_a_list_of_a_thousand_lines_can_be_written() -> None:
    tokenizer = make_tokenizer(spaced=False)
    segments = tuple(Segment(float(line), float(line + 1), "so") for line in range(1000))
    task = ChapterTask(templates.find("indexed"), tokenizer, 16_384)
    right = Reading((Chapter(3.0, "Soil"), Chapter(998.0, "Tools")))
    (example,) = examples(task, Transcript("long", segments, 1000.0), right)
    assert write(Decoder(tokenizer, len(tokenizer), task), example) == right
