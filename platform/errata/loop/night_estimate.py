"""What a night of a hundred corrections will take with a model on this machine, before any is turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.documents.model_summary import NightEstimate
from errata.documents.params import Params
from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.inference.machine_speed import MachineSpeed
from errata.inference.model_shape import ModelShape
from errata.tasks.encode import IGNORED
from errata.tasks.task import examples
from errata.tasks.template import Reading

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

CORRECTIONS = 100
MODELS = 2
"""The candidate and the champion answer; what Day-0 says is known."""
EFFICIENCY = 0.6
"""Share of a matrix product's speed that a whole pass reaches: about that of Gemma 3 270M on one core."""
LIBRARIES = 700_000_000
"""Bytes that Python, torch and transformers take before any weight is there."""
_MINUTES, _LINES_A_MINUTE, _MINUTES_A_CHAPTER = 15, 12, 3
_LINE = "so what we have seen this week is that prices went up a bit again,"
"""Thirteen words, as subtitles have them: a hundred and fifty words a minute."""


def estimate_night(
    shape: ModelShape, card: Card, params: Params, tokenizer: Tokenizer, speed: MachineSpeed
) -> NightEstimate:
    windows = _talk_windows(card, tokenizer)
    tokens = round(sum(size for size, _ in windows) / len(windows))
    rows = round(sum(labels for _, labels in windows) / len(windows))
    recipe = params.train
    copies = sum(params.augment.alterations.values()) or params.augment.share
    drawn = CORRECTIONS * len(windows) * (1 + copies) * (1 + params.mix.replay) * recipe.epochs
    trained = round(min(drawn, recipe.max_steps * recipe.batch))
    rate = EFFICIENCY * speed.operations
    number_bytes = 2 if speed.device == "cuda" else 4
    spoken = rows * max(number_bytes * shape.parameters / speed.bandwidth, shape.pass_operations(1, 1) / rate)
    answered = len(windows) * (shape.pass_operations(tokens - rows, 1) / rate + spoken)
    memory = shape.training_memory(tokens, rows, recipe.method, recipe.rank, number_bytes)
    return NightEstimate(
        corrections=CORRECTIONS,
        windows=trained,
        tokens=tokens,
        training_seconds=trained * shape.step_operations(tokens, rows, recipe.method) / rate,
        answering_seconds=CORRECTIONS * MODELS * answered,
        memory=memory + LIBRARIES,
        device=speed.device,
        operations=speed.operations,
    )


def _talk_windows(card: Card, tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Of a talk of a quarter of an hour: the tokens of each window, and how many of them are learnt."""
    count = _MINUTES * _LINES_A_MINUTE
    step = 60 / _LINES_A_MINUTE
    lines = tuple(Segment(step * place, step * (place + 1), f"{_LINE} {place}") for place in range(count))
    chapters = tuple(
        Chapter(60.0 * minute, "What prices did this week") for minute in range(0, _MINUTES, _MINUTES_A_CHAPTER)
    )
    talk = Transcript("example", lines, 60 * _MINUTES, title="Prices of the week")
    task = chapter_task(card, tokenizer)
    encoded = [example.encoded for example in examples(task, talk, Reading.of(chapters, talk))]
    return [(len(each.input_ids), sum(label != IGNORED for label in each.labels)) for each in encoded]
