"""A page in a browser asks what is asked elsewhere, and lets be written what llguidance lets: token by token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.browser.page_session import PAGE_TEMPLATES, PageSession
from errata.browser.page_tokenizer import PageTokenizer
from errata.browser.slot_writing import Asking, answer_view
from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.inference.decode import Decoder
from errata.inference.engine import Choice
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.view import View
from tests.made_up_model import make_tokenizer

TALK = Transcript(
    "talk",
    tuple(Segment(10.0 * line, 10.0 * line + 9, f"we talk about <|end|> soil {line}") for line in range(60)),
    600.0,
    title="A talk <|new|>",
)
RIGHT = Reading((Chapter(0.0, "Opening"), Chapter(70.0, "Soil <b> ü"), Chapter(410.0, "Tools")))
Prefer = Callable[[int], Sequence[int]]
"""By how many tokens were read, all tokens, the likeliest first."""


@lru_cache
def tokenizer_of(template: str) -> Any:
    return make_tokenizer(spaced=template == "inline")


@lru_cache
def task_of(template: str, context: int = 700) -> ChapterTask:
    return ChapterTask(templates.find(template), tokenizer_of(template), context)


@lru_cache
def page_tokenizer(template: str) -> PageTokenizer:
    tokenizer = tokenizer_of(template)

    def words(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))

    def controls(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    file = json.loads(tokenizer.backend_tokenizer.to_str())
    return PageTokenizer.of(file, tokenizer.eos_token_id, controls, words, tokenizer.decode)


def views(template: str, context: int = 700) -> list[View]:
    return [row.view for row in examples(task_of(template, context), TALK, RIGHT)]


def by_the_page(asking: Asking, prefer: Prefer) -> tuple[Reading, list[int]]:
    """What is read, and all that was appended."""
    read: list[int] = []
    query = next(asking)
    while True:
        assert query.fresh == (not read)
        read += query.append
        likeliest = prefer(len(read))
        try:
            query = asking.send(likeliest if query.most < 0 else likeliest[: query.most])
        except StopIteration as done:
            return done.value, read


def by_llguidance(task: ChapterTask, view: View, prefer: Prefer) -> tuple[Reading, list[int]]:
    ask = Decoder(task.tokenizer, len(task.tokenizer), task).ask(view)
    read: list[int] = []
    step = next(ask)
    while True:
        read += step.append
        token = next(token for token in prefer(len(read)) if step.allowed[token])
        try:
            step = ask.send(Choice(token))
        except StopIteration as done:
            return done.value, read


def whims(seed: int, vocabulary: int, often: Sequence[int]) -> Prefer:
    """Any token may be the likeliest; those of `often` are so now and then."""

    def prefer(read: int) -> Sequence[int]:
        random = Random(seed * 10_000 + read)
        tokens = random.sample(range(vocabulary), vocabulary)
        return [random.choice(often), *tokens] if random.random() < 0.5 else tokens

    return prefer


@pytest.mark.parametrize("name", PAGE_TEMPLATES)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), place=st.integers(0, 2))
def test_whatever_is_likely_what_is_written_is_what_llguidance_lets(name: str, seed: int, place: int) -> None:
    task, tokenizer = task_of(name), tokenizer_of(name)
    ending = tokenizer.encode("<|same|><|new|><|end|>" if name == "inline" else "\n<|eos|> 0123456789")
    prefer = whims(seed, len(tokenizer), ending)
    view = views(name)[place]
    reading, read = by_the_page(answer_view(task, view, page_tokenizer(name)), prefer)
    right, right_read = by_llguidance(task, view, prefer)
    shorter = min(len(read), len(right_read))
    assert read[:shorter] == right_read[:shorter] and reading == right


@pytest.mark.parametrize("name", PAGE_TEMPLATES)
def test_what_is_asked_and_read_is_what_is_taught(name: str) -> None:
    task = task_of(name)
    rows = list(examples(task, TALK, RIGHT))
    assert len(rows) > 1, "the talk takes several windows"
    for row in rows:
        tokens = [*row.encoded.input_ids, row.encoded.input_ids[-1]]
        asked = answer_view(task, row.view, page_tokenizer(name))
        reading, read = by_the_page(asked, lambda at, right=tokens: right[at : at + 1])
        assert reading == row.right and read == tokens[: len(read)]


def session_of(template: str, before: str = "", after: str = "") -> PageSession:
    page, file = page_tokenizer(template), tokenizer_of(template).backend_tokenizer.to_str()
    asked = {"template": template, "context": 700, "end": page.eos_token_id, "before": before, "after": after}
    return PageSession(json.dumps(asked), file, page.controls, page.words, page.letters)


def test_a_page_has_the_turn_that_was_made_of_the_chat_template() -> None:
    tokenizer = make_tokenizer(spaced=False)
    tokenizer.chat_template = "<user>{{ messages[0].content }}</user>"
    turn = ChapterTask(templates.find("indexed"), tokenizer, 700).turn
    session = session_of("indexed", turn.before, turn.after)
    captions = "1\n00:00:01,000 --> 00:00:04,000\nWelcome <|end|>\n\n2\n00:00:04,000 --> 00:00:09,000\nTo soil.\n"
    assert json.loads(session.read("a talk.srt", captions.encode())) == {"talks": ["a talk"], "problems": []}
    query = json.loads(next(session.chapter(0)))
    shown = tokenizer.decode(query["append"])
    assert shown.startswith("<user>") and shown.endswith("1 To soil.\n</user>")
    assert tokenizer.encode("<|end|>")[0] not in query["append"], "what people said is no control token"


def test_what_can_not_be_read_is_said_in_a_sentence() -> None:
    session = session_of("inline")
    torn = "1\n00:00:01,000 --> 00:00:04\nA\n\n2\n00:99:04,000 --> x\nB\n"
    for name, data in (("torn.srt", torn.encode()), ("empty.srt", b""), ("noise.vtt", bytes(range(256)))):
        read = json.loads(session.read(name, data))
        assert not read["talks"] and len(read["problems"]) == 1
        assert read["problems"][0].startswith(name), "without the folder that nobody has"


@pytest.mark.parametrize("name", PAGE_TEMPLATES)
@pytest.mark.parametrize("babble", ["so", "7", "ü", "ab"])
def test_a_title_in_circles_is_ended(name: str, babble: str) -> None:
    task, tokenizer = task_of(name, 1500), tokenizer_of(name)
    begin = tokenizer.encode("<|new|>" if name == "inline" else "0")[:1]
    circle = tokenizer.encode(babble)

    def prefer(read: int) -> Sequence[int]:
        said = [circle[read % len(circle)], *range(len(tokenizer))]
        return said if read % 90 else [*begin, *said]

    view = views(name, 1500)[0]
    reading, _ = by_the_page(answer_view(task, view, page_tokenizer(name)), prefer)
    assert reading == by_llguidance(task, view, prefer)[0] and not reading.problems


def test_an_answer_that_fills_the_context_is_cut_and_said_to_be() -> None:
    task = ChapterTask(templates.find("indexed"), tokenizer_of("indexed"), 240)
    view = next(task.views(TALK))
    letters = [token for token, piece in page_tokenizer("indexed").pieces.items() if piece.isalpha()]
    digits = page_tokenizer("indexed").words("0")

    def prefer(read: int) -> Sequence[int]:
        return [*Random(read).sample(letters, len(letters)), *digits, *range(420)]

    reading, _ = by_the_page(answer_view(task, view, page_tokenizer("indexed")), prefer)
    assert reading == by_llguidance(task, view, prefer)[0]
    assert any("the context of 240 tokens was full" in problem for problem in reading.problems)


def test_lists_of_json_are_refused() -> None:
    task = task_of("json")
    with pytest.raises(BadInput, match="take a model with another template"):
        by_the_page(answer_view(task, views("json")[0], page_tokenizer("json")), lambda _: range(420))


def sentencepiece() -> Iterator[tuple[str, bytes]]:
    yield from {"▁the": b" the", "<0x0A>": b"\n", "é": "é".encode(), "▁▁": b"  ", "a<0x0A>": b"a<0x0A>"}.items()


def test_the_pieces_of_sentencepiece_are_read() -> None:
    pairs = list(sentencepiece())
    vocabulary = {text: number for number, (text, _) in enumerate(pairs)}
    added = [{"id": 5, "content": "<b>", "special": False}, {"id": 6, "content": "<eos>", "special": True}]
    file = {"model": {"vocab": vocabulary}, "added_tokens": added, "decoder": {"type": "ByteFallback"}}
    page = PageTokenizer.of(file, 6, lambda _: [], lambda _: [], lambda _: "")
    assert page.pieces == {**{number: piece for number, (_, piece) in enumerate(pairs)}, 5: b"<b>"}
    assert page.special == {6}
