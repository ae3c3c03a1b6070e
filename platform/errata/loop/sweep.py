"""How long a chunk may be, at which rate of frames, for which model: counted on the record's own talks, within a budget
of tokens. Nothing is trained and no weights are loaded: it says which are worth a training, and `score_cells.py` tries
those."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from errata.documents.scored_cell import ScoredCell
from errata.domain.chapter import tidy
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound
from errata.inference.artefact import Card
from errata.inference.chapter_task import task_of
from errata.operations.chaptering import open_predictor
from errata.progress import progress_bar
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import ids
from errata.tasks.frame_budget import frames_of, largest_picture
from errata.tasks.prompt import Text
from errata.workspace import Workspace

TALKS = 500
"""Of the record, the newest, that are counted on."""
WIDTH, HEIGHT = 16, 9
"""A picture's proportions."""


@dataclass(frozen=True, slots=True)
class SweepGrid:
    """What is tried, each with each."""

    models: tuple[str, ...]
    """Aliases, identities, folders or .gguf files."""
    seconds: tuple[float, ...]
    """Of a chunk."""
    rates: tuple[float, ...]
    """Frames a second."""
    budget: int | None = None
    """Tokens that a chunk may take; None: each model's context."""
    places: int | None = None
    """Of a frame; None: what the model's own senses take of a picture, 1 where it has none."""

    def __post_init__(self) -> None:
        """Raises BadInput for what is no length, rate, budget or number of places."""
        named: list[tuple[str, float | None]] = [("chunk's length", number) for number in self.seconds]
        named += [("rate", number) for number in self.rates]
        for what, number in (*named, ("budget", self.budget), ("number of places", self.places)):
            if number is not None and not 0 < number < math.inf:
                raise BadInput(f"a {what} of {number:g} is none; name one above 0")


@dataclass(frozen=True, slots=True)
class SweepCell:
    """Chunks of one length, with frames at one rate, for one model."""

    model: str
    """As it was named."""
    seconds: float
    rate: float
    frames: int
    """Of a whole chunk,"""
    frame_tokens: int
    """and the places that they take."""
    words: float
    """Tokens of what is said in a chunk: the median over the talks' chunks,"""
    most_words: int
    """and the most."""
    budget: int
    fits: float
    """Percent of the chunks of which words and frames take no more than the budget."""
    picture: tuple[int, int] | None
    """Width and height in pixels of the frames that would fit instead, beside the most words, for a model that makes a
    token of 28 × 28 pixels of two frames; None where none would."""


@dataclass(frozen=True, slots=True)
class Sweep:
    talks: int
    hours: float
    cells: tuple[SweepCell, ...]
    scored: tuple[ScoredCell, ...] = ()
    """Of those that fit, where that was asked for."""


def sweep(workspace: Workspace, grid: SweepGrid) -> Sweep:
    """Raises NotFound where the record has no talk with times, or there is no such model."""
    talks = _talks(workspace)
    cells: list[SweepCell] = []
    with progress_bar("models", len(grid.models)) as advance:
        for name in grid.models:
            cells += _cells_of(workspace, grid, name, talks)
            advance()
    return Sweep(len(talks), sum(talk.duration for talk in talks) / 3600, tuple(cells))


def _talks(workspace: Workspace) -> list[Transcript]:
    with workspace.record.read() as store:
        newest = store.transcripts.arrived()[-TALKS:]
        talks = [store.transcripts.read(seq) for seq in newest]
    timed = [talk for talk in talks if talk.unit == "seconds"]
    if not timed:
        raise NotFound(f"{workspace.root} has no talks with times to count on; import some: errata import transcripts")
    return timed


def _cells_of(workspace: Workspace, grid: SweepGrid, name: str, talks: Sequence[Transcript]) -> Iterator[SweepCell]:
    with open_predictor(name, workspace) as predictor:
        task = task_of(predictor.folder, predictor.models)
        senses = Card.read(predictor.folder).senses
    places = grid.places or next((sense.tokens for sense in senses if sense.modality == "video"), 1)
    budget = grid.budget or task.context
    lines = [[(line.start, _tokens(task, line.text)) for line in talk.lines] for talk in talks]
    for seconds in grid.seconds:
        words = [
            chunk
            for talk, said in zip(talks, lines, strict=True)
            for chunk in words_by_chunk(said, talk.duration, seconds)
        ]
        for rate in grid.rates:
            frames = frames_of(seconds, rate)
            most = max(words)
            yield SweepCell(
                model=name,
                seconds=seconds,
                rate=rate,
                frames=frames,
                frame_tokens=frames * places,
                words=median(words),
                most_words=most,
                budget=budget,
                fits=100 * sum(chunk + frames * places <= budget for chunk in words) / len(words),
                picture=largest_picture(max(0, budget - most), frames, WIDTH, HEIGHT),
            )


def _tokens(task: ChapterTask, text: str) -> int:
    """Of a line, with what the template puts around it."""
    return len(ids(Text(tidy(text)), task.tokenizer)) + task.template.line_overhead


def words_by_chunk(said: Iterable[tuple[float, int]], duration: float, seconds: float) -> list[int]:
    """Tokens of what is said in each chunk, from `said`: when a line begins, and its tokens. A line is its chunk's in
    which it begins; a chunk in which nobody speaks has none."""
    chunks = [0] * max(1, math.ceil(duration / seconds))
    for start, tokens in said:
        chunks[min(int(start / seconds), len(chunks) - 1)] += tokens
    return chunks
