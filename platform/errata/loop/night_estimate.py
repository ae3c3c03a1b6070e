"""What a night of a hundred corrections will take with a model on this machine, before any is turned."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from errata.documents.model_summary import NightEstimate
from errata.documents.params import Params
from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.inference.machine_speed import MachineSpeed
from errata.inference.model_shape import ModelShape
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.prompt import BorderMark
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

CORRECTIONS = 100
MODELS = 2
"""The candidate and the champion answer; what Day-0 says is known."""
EFFICIENCY = {"fp32": 0.6, "bf16": 0.4}
"""Share of a matrix product's speed that a whole pass reaches: in fp32 about that of Gemma 3 270M on one core. In bf16
products are faster there and what lies between them isn't: steps of a model of its layers reached two thirds of that
share."""
_MINUTES, _LINES_A_MINUTE, _MINUTES_A_CHAPTER = 15, 12, 3
_LINE = "so what we have seen this week is that prices went up a bit again,"
"""Thirteen words, as subtitles have them: a hundred and fifty words a minute."""


@dataclass(frozen=True, slots=True)
class _Window:
    tokens: int
    labels: int
    """Tokens that are learnt."""
    written: int
    """Those that an answer writes one by one: what marks ask is answered by the pass that reads the prompt."""


def estimate_night(
    shape: ModelShape, card: Card, params: Params, tokenizer: Tokenizer, speed: MachineSpeed
) -> NightEstimate:
    """Raises BadInput where `train.precision` can't be had with `train.method` on this machine."""
    from retrain.precision import precision_of
    from retrain.training_memory import training_memory

    windows = _talk_windows(card, tokenizer)
    tokens = round(fmean(window.tokens for window in windows))
    rows = round(fmean(window.labels for window in windows))
    written = fmean(window.written for window in windows)
    recipe = params.train
    copies = sum(params.augment.alterations.values()) or params.augment.share
    drawn = CORRECTIONS * len(windows) * (1 + copies) * (1 + params.mix.replay) * recipe.epochs
    trained = round(min(drawn, recipe.max_steps * recipe.batch))
    precision = precision_of(recipe, shape.parameters)
    training_speed = speed.bf16_operations if precision == "bf16" else speed.operations
    training_rate = EFFICIENCY[precision] * training_speed
    rate = EFFICIENCY["bf16" if speed.device == "cuda" else "fp32"] * speed.operations
    number_bytes = 2 if speed.device == "cuda" else 4
    writing = written * max(number_bytes * shape.parameters / speed.bandwidth, shape.pass_operations(1, 1) / rate)
    answering = len(windows) * (shape.pass_operations(tokens, 1) / rate + writing)
    return NightEstimate(
        corrections=CORRECTIONS,
        windows=trained,
        tokens=tokens,
        training_seconds=trained * shape.step_operations(tokens, rows, recipe.method) / training_rate,
        answering_seconds=CORRECTIONS * MODELS * answering,
        memory=training_memory(shape, recipe, precision, tokens, rows),
        precision=precision,
        device=speed.device,
        operations=training_speed,
    )


def _talk_windows(card: Card, tokenizer: Tokenizer) -> list[_Window]:
    """Of a talk of a quarter of an hour."""
    count = _MINUTES * _LINES_A_MINUTE
    step = 60 / _LINES_A_MINUTE
    lines = tuple(Segment(step * place, step * (place + 1), f"{_LINE} {place}") for place in range(count))
    chapters = tuple(
        Chapter(60.0 * minute, "What prices did this week") for minute in range(0, _MINUTES, _MINUTES_A_CHAPTER)
    )
    talk = Transcript("example", lines, 60 * _MINUTES, title="Prices of the week")
    task = chapter_task(card, tokenizer)
    return [_window(task, example) for example in examples(task, talk, Reading.of(chapters, talk))]


def _window(task: ChapterTask, example: Example[Reading]) -> _Window:
    labels = sum(label != IGNORED for label in example.encoded.labels)
    marks = sum(isinstance(span, BorderMark) for span in task.render(example.view))
    return _Window(len(example.encoded.input_ids), labels, labels - marks)
