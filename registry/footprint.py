"""What a candidate costs to run, against the champion: the bytes of what ships, and how long people wait for it.

Both models answer the same transcripts in turns, in one process, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.parity import Footprint
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.inference.artefact import Card, model_folder
from evaluation.statistics.paired import ALPHA
from registry.guardrail import point_comparison

ROUNDS = 3
"""Answers of each model to each transcript."""
RESAMPLES = 2_000
SEED = 20250101
SLOW = 95
"""The percentile of waiting that people notice."""

Answer = Callable[[Transcript], object]
Times = NDArray[np.float64]
"""Seconds, shape (transcripts, rounds) as they are measured."""


def measure_footprint(new: Path, old: Path, models: Path, transcripts: Sequence[Transcript]) -> Footprint:
    """Of the export in `new` against what the champion serves from, `old`; `models` is where an adapter's base is kept.

    Answers are given anew, never read from the record. Raises BadInput without a transcript.
    """
    times = time_in_turns(load_answer(new, models), load_answer(old, models), transcripts)
    return Footprint(compare_sizes(size(new, models), size(old, models)), compare_times(*times))


def load_answer(folder: Path, models: Path) -> Answer:
    """Loads a model and returns what answers one transcript with it."""
    from errata.inference.model import open_model

    model = open_model(folder, models)
    return lambda transcript: model.answer([transcript])


def time_in_turns(
    new: Answer, old: Answer, transcripts: Sequence[Transcript], clock: Callable[[], float] = time.perf_counter
) -> tuple[Times, Times]:
    """Seconds of each model's answers; who goes first changes with every one. One answer each before, untimed."""
    if not transcripts:
        raise BadInput("latency can't be measured without a transcript; give the parity stage one")
    for answer in (new, old):
        answer(transcripts[0])
    times = np.empty((2, len(transcripts), ROUNDS))
    for turn, (round_, place) in enumerate(np.ndindex(ROUNDS, len(transcripts))):
        for which in (0, 1) if turn % 2 else (1, 0):
            start = clock()
            (new, old)[which](transcripts[place])
            times[which, place, round_] = clock() - start
    return times[0], times[1]


def compare_times(new: Times, old: Times) -> Comparison:
    """The 95th percentiles, and a two-sided 90 % interval of their ratio from `RESAMPLES` draws of whole transcripts.

    Percentile bootstrap (Efron & Tibshirani 1993), paired: a draw holds both models' answers to a transcript. Of the
    rounds the median counts: a pause of the machine, which hits one answer, is nobody's latency.
    """
    new, old = np.median(new, axis=1), np.median(old, axis=1)
    count = len(new)
    draws = np.random.default_rng(SEED).integers(count, size=(RESAMPLES, count))
    drawn_new, drawn_old = (np.percentile(times[draws], SLOW, axis=1) for times in (new, old))
    gains = 100 * (1 - drawn_new / drawn_old)
    low, high = (float(end) for end in np.quantile(gains, (ALPHA, 1 - ALPHA)))
    p95_new, p95_old = (float(np.percentile(times, SLOW)) for times in (new, old))
    effect = 100 * (1 - p95_new / p95_old)
    ratio = replace(NOTHING, n=count, clusters=count, mean_new=p95_new, mean_old=p95_old, effect=effect)
    # Every draw of a single transcript is that transcript: an interval without width, which would claim certainty.
    return replace(ratio, low=low, high=high, se=float(np.std(gains))) if count > 1 else ratio


def compare_sizes(new: int, old: int) -> Comparison:
    """In bytes; the effect is in percent of the old."""
    return replace(point_comparison(100 * (1 - new / old), 0.0, 1), mean_new=float(new), mean_old=float(old))


def size(folder: Path, models: Path) -> int:
    """Bytes of all that is loaded: an adapter's base too."""
    card = Card.read(folder)
    return folder_size(folder) + (size(model_folder(card.base, models), models) if card.form == "adapter" else 0)


def folder_size(folder: Path) -> int:
    """Bytes of its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
