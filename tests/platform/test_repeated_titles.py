"""The template `borders`: a title that says the last one again is taken back, and begun otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.inference.artefact import Card
from errata.inference.decode import Decoder, write
from errata.inference.engine import Ask, Choice, Step
from errata.inference.load import load
from errata.inference.model import answer_key
from errata.tasks.border_task import BorderTask
from errata.tasks.limits import OTHER_BEGINNINGS, says_again
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates.borders import Borders
from errata.tasks.view import View
from tests.made_up_gguf import write_gguf
from tests.made_up_model import make_model, make_tokenizer

TALK = Transcript(
    "talk",
    tuple(Segment(60.0 * line, 60.0 * line + 59, f"so we talk about soil {line}") for line in range(6)),
    360.0,
    title="A talk",
)
BORDERS = (0, 2, 4)


def task(context: int = 4096) -> BorderTask:
    return BorderTask(Borders(), make_tokenizer(spaced=False), context)


def naming(asked: BorderTask, before: str = "") -> View:
    """The view that asks for the titles of `BORDERS`."""
    return replace(next(asked.views(TALK)), borders=BORDERS, before=before)


class StubbornModel:
    """Reads what it is given token by token, and rather writes each of `titles`, in order of preference, than another:
    the first that its tokens so far and the mask let it go on with."""

    def __init__(self, asked: BorderTask, titles: Sequence[str]) -> None:
        encode = asked.tokenizer.encode
        self._titles = [encode(f" {title}\n", add_special_tokens=False) for title in titles]
        self.read: list[int] = []
        self.taken_back = 0

    def answer(self, ask: Ask[Reading]) -> Reading:
        step = next(ask)
        slot = 0
        while True:
            if step.take_back:
                del self.read[-step.take_back :]
                self.taken_back += 1
            if step.constraint is not None or step.take_back:
                slot = len(self.read) + len(step.append)
            self.read += step.append
            try:
                step = ask.send(Choice(self._next(step, self.read[slot:])))
            except StopIteration as done:
                reading: Reading = done.value
                return reading

    def _next(self, step: Step, said: list[int]) -> int:
        for title in self._titles:
            if title[: len(said)] == said and step.allowed[title[len(said)]]:
                return title[len(said)]
        return int(np.flatnonzero(step.allowed)[-1])


def titles(asked: BorderTask, model: StubbornModel, view: View) -> list[str]:
    ask = Decoder(asked.tokenizer, len(asked.tokenizer), asked).ask(view)
    return [chapter.title for chapter in model.answer(ask).chapters]


def test_the_next_best_title_is_taken_and_read_as_if_it_had_been_the_first() -> None:
    asked = task()
    model = StubbornModel(asked, ["Soil", "tools", "gardens"])
    assert titles(asked, model, naming(asked)) == ["Soil", "tools", "Soil"]
    assert model.taken_back == 1
    right = Reading((Chapter(0.0, "Soil"), Chapter(120.0, "tools"), Chapter(240.0, "Soil")))
    (example,) = examples(asked, TALK, right)
    trained = list(example.encoded.input_ids)
    assert model.read == trained[: len(model.read)], "nothing of the title that was not taken is left in what is read"


def test_the_title_before_a_window_counts() -> None:
    asked = task()
    assert titles(asked, StubbornModel(asked, ["Soil", "tools"]), naming(asked, "soil!")) == ["tools", "Soil", "tools"]


def test_a_title_that_comes_again_in_other_letters_is_not_taken_either() -> None:
    asked = task()
    model = StubbornModel(asked, ["soil", "Soil", "tools"])
    assert titles(asked, model, naming(asked)) == ["soil", "tools", "soil"] and model.taken_back == 2


def test_whoever_has_nothing_else_to_say_is_left_alone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = task()
    monkeypatch.setattr("errata.inference.decode.says_again", lambda title, before: bool(before))
    model = StubbornModel(asked, ["Soil"])
    assert len(titles(asked, model, naming(asked))) == 3 and model.taken_back == 2 * OTHER_BEGINNINGS


def test_a_right_title_may_come_again() -> None:
    asked = task()
    right = Reading((Chapter(0.0, "Soil"), Chapter(120.0, "Soil")))
    (example,) = examples(asked, TALK, right)
    assert write(Decoder(asked.tokenizer, len(asked.tokenizer), asked), example) == right


@pytest.mark.parametrize(
    ("title", "before", "again"),
    [
        ("Soft forks", " soft  forks.\n", True),
        ("Q&A", "Q & A", True),
        ("Part 1", "Part 2", False),
        ("Soil", "", False),
        ("???", "!!!", False),
        ("ﬁle", "file", True),
    ],
)
def test_titles_say_the_same_but_for_case_blanks_and_punctuation(title: str, before: str, again: bool) -> None:
    assert says_again(title, before) == again


def test_answers_from_before_are_not_taken_for_such(tmp_path: Path) -> None:
    Card("borders", 256).write(tmp_path)
    assert answer_key("m", tmp_path).template == "borders@1 limits@2"


# engines -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One random model, for transformers and for llama.cpp."""
    pytest.importorskip("gguf")
    pytest.importorskip("xllamacpp")
    place = tmp_path_factory.mktemp("models")
    make_model(place / "transformers", "borders", context=512)
    write_gguf(place / "transformers", place / "llama.cpp")
    Card("borders", 512, "gguf").write(place / "llama.cpp")
    return {folder.name: folder for folder in place.iterdir()}


@pytest.mark.parametrize("name", ["transformers", "llama.cpp"])
def test_what_was_taken_back_is_forgotten_on_every_engine(name: str, folders: dict[str, Path]) -> None:
    """The answer that follows is the one that there would have been."""
    engine = load(folders[name], folders[name].parent)
    prompt, every = [7, 40, 41, 90, 17, 60], np.ones(engine.vocabulary, dtype=np.bool_)

    def ask() -> Ask[list[int]]:
        first = (yield Step(prompt, every)).token
        second = (yield Step([first], every)).token
        yield Step([second, 70, 71], every)
        again = (yield Step(prompt[-1:], every, take_back=5)).token
        return [first, second, again, (yield Step([again], every)).token]

    [[first, second, *again]] = engine.run([ask()])
    assert again == [first, second]


@pytest.mark.parametrize("name", ["transformers", "llama.cpp"])
def test_a_model_that_repeats_itself_says_something_else_on_every_engine(name: str, folders: dict[str, Path]) -> None:
    engine = load(folders[name], folders[name].parent)
    asked = BorderTask(Borders(), engine.tokenizer, 512)

    def title(before: str) -> str:
        view = replace(naming(asked, before), borders=(0,))
        [reading] = engine.run([Decoder(engine.tokenizer, engine.vocabulary, asked).ask(view)])
        assert not reading.problems
        return str(reading.chapters[0].title)

    first = title("")
    other = title(first)
    assert not says_again(other, first) and title(other) == first
