"""How long a team's chapters are and how readily a line begins one: what a model that weighs lines divides talks by.

Lengths are those of the newest labels that may train; the readiness is chosen on dev, from what the trained model says
of its lines, which is asked for once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapter, Chapters, starts
from errata.domain.correction import Label
from errata.domain.transcript import Transcript
from errata.inference.artefact import CARD, Card, seal
from errata.inference.line_odds import line_odds
from errata.inference.model import LoadedModel, open_model
from errata.tasks.division import ChapterLengths, borders
from errata.tasks.template import Reading
from evaluation.metrics.overlap import mean_f1

MOST_LABELS = 200
LEAST_CHAPTERS = 50
"""With fewer, the lengths of chapters of talks elsewhere are better known."""
LEAST_TALKS, MOST_TALKS = 5, 12
"""Of dev: with fewer, which readiness is best is luck; each takes a model of 270 million weights 15 s on a CPU."""
READINESS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5)


@dataclass(frozen=True, slots=True)
class WeighedTalk:
    transcript: Transcript
    right: Chapters
    odds: Sequence[float]


def label_lengths(record: Record, upto: int) -> ChapterLengths | None:
    """Of the labels that may train as of the watermark `upto`; None where there are too few chapters."""
    with record.read() as store:
        labels = _newest_labels(store, upto)
        return lengths_of((store.transcripts.read(label.transcript), label.chapters) for label in labels)


def lengths_of(talks: Iterable[tuple[Transcript, Chapters]]) -> ChapterLengths | None:
    """Of the right chapters of talks with times; None where there are too few of them."""
    seconds: list[float] = []
    for transcript, chapters in talks:
        if transcript.unit == "seconds":
            begins = [chapter.start for chapter in chapters]
            seconds += [after - before for before, after in pairwise([*begins, transcript.duration])]
    return ChapterLengths.of(seconds, ChapterLengths().readiness) if len(seconds) >= LEAST_CHAPTERS else None


def _newest_labels(store: Store, upto: int) -> list[Label]:
    """Of those that may train, the newest `MOST_LABELS`: the events are read from the end, and no further back."""
    span = MOST_LABELS
    while True:
        after = max(0, upto - span)
        labels = [label for label in store.labels.between(after, upto) if label.role == "train"]
        if len(labels) >= MOST_LABELS or not after:
            return labels[-MOST_LABELS:]
        span *= 4


def weigh(model: LoadedModel[Reading], talks: Sequence[tuple[Transcript, Chapters]]) -> list[WeighedTalk]:
    return [WeighedTalk(transcript, right, line_odds(model, transcript)) for transcript, right in talks]


def choose_readiness(lengths: ChapterLengths, talks: Sequence[WeighedTalk]) -> ChapterLengths:
    """With the readiness that scores best on `talks`; of two as good the nearer to the present one."""

    def merit(readiness: float) -> tuple[float, float]:
        f1 = fmean(_f1(replace(lengths, readiness=readiness), talk) for talk in talks)
        return f1, -abs(readiness - lengths.readiness)

    return replace(lengths, readiness=max((*READINESS, lengths.readiness), key=merit))


def _f1(lengths: ChapterLengths, talk: WeighedTalk) -> float:
    places = starts(talk.transcript)
    lines = borders(talk.odds, places, talk.transcript.duration, lengths, talk.transcript.unit)
    found = tuple(Chapter(float(places[line]), "") for line in lines)
    return mean_f1(talk.right, found, talk.transcript.duration)


def fit_lengths(
    folder: Path, lengths: ChapterLengths | None, dev: Sequence[tuple[Transcript, Chapters]], models: Path
) -> None:
    """Writes onto the card of the model in `folder` by which lengths it divides talks, and seals it anew.

    `lengths` are of the labels, None for those that the card has. With fewer than `LEAST_TALKS` of `dev`, the readiness
    stays as it is.
    """
    card = Card.read(folder)
    fitted = lengths or card.lengths or ChapterLengths()
    if len(dev) >= LEAST_TALKS:
        fitted = choose_readiness(fitted, weigh(open_model(folder, models), dev[:MOST_TALKS]))
    facts = json.loads((folder / CARD).read_bytes())
    replace(card, lengths=fitted).write(folder, **facts)
    seal(folder)
