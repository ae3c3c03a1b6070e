"""How errata-tiny does on talks whose patterns, and at will whose subjects, it never learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from errata.demo import styles
from errata.demo.days import NEW_PHRASES
from errata.demo.material import load as material
from errata.demo.speech import TAUGHT, SpeechSetting
from errata.demo.styles import Style
from errata.demo.talks import Talk, write_talk
from errata.domain.chapter import Chapters

if TYPE_CHECKING:
    from evaluation.metrics.score import VideoScore

SETS: Mapping[str, tuple[SpeechSetting, Style]] = {
    "patterns and subjects it was taught": (TAUGHT, styles.old),
    "unseen patterns": (SpeechSetting("day-1", own=1.0, fresh=0.0), styles.old),
    "unseen patterns and subjects": (SpeechSetting("day-1", own=1.0, fresh=1.0), styles.old),
    "as in the sample's first day": (SpeechSetting("day-1", own=NEW_PHRASES, fresh=0.4), styles.old),
    "the same, by the house style": (SpeechSetting("day-1", own=NEW_PHRASES, fresh=0.4), styles.house),
    "as in the retention set": (SpeechSetting("retention", own=NEW_PHRASES, fresh=0.2, breaks=False), styles.house),
}


@dataclass(frozen=True, slots=True)
class Row:
    """Percent, over all talks of one set."""

    f1: float
    borders: float
    """F1 of exact starts, the one at 0 included."""
    titles_known: float
    """Subjects' titles that are exact where the start was found, subjects that were taught."""
    titles_fresh: float
    titles_caseless: float
    """The same for all subjects, capitals aside."""


def score(folder: Path, count: int = 60, sets: Iterable[str] = SETS) -> dict[str, Row]:
    """A row for each of `sets`, over `count` talks each."""
    import torch

    from errata.inference.model import open_model

    torch.set_num_threads(1)
    model = open_model(folder, folder)
    rows = {}
    for name in sets:
        setting, style = SETS[name]
        rng = Random(f"score {setting}")
        channels = material().early_channels()
        talks = [write_talk(material(), rng.choice(channels), setting, rng, f"scored-{n}") for n in range(count)]
        answers = [reading.chapters for talk in talks for reading in model.answer([talk.transcript])]
        rows[name] = _row(talks, answers, style)
    return rows


def _row(talks: Sequence[Talk], answers: Sequence[Chapters], style: Style) -> Row:
    from evaluation.metrics.score import score_video

    references = [styles.chapters(talk, style(talk)) for talk in talks]
    scores: list[VideoScore] = [
        score_video(reference, answer, talk.transcript.duration)
        for talk, reference, answer in zip(talks, references, answers, strict=True)
    ]
    asked = [pair for talk, answer in zip(talks, answers, strict=True) for pair in _titles(talk, answer, style)]
    return Row(
        f1=sum(score.f1 for score in scores) / len(scores),
        borders=_borders(references, answers),
        titles_known=_share([right == said for right, said, fresh in asked if not fresh]),
        titles_fresh=_share([right == said for right, said, fresh in asked if fresh]),
        titles_caseless=_share([right.lower() == said.lower() for right, said, _ in asked]),
    )


def _borders(references: Sequence[Chapters], answers: Sequence[Chapters]) -> float:
    right = [(index, chapter.start) for index, chapters in enumerate(references) for chapter in chapters]
    said = [(index, chapter.start) for index, chapters in enumerate(answers) for chapter in chapters]
    return 100 * 2 * len(set(right) & set(said)) / (len(right) + len(said))


def _titles(talk: Talk, answer: Chapters, style: Style) -> list[tuple[str, str, bool]]:
    """The right title, the model's, and whether the subject is fresh, of each subject whose start was found."""
    said = {chapter.start: chapter.title for chapter in answer}
    segments = talk.transcript.segments
    titles = dict(style(talk))
    found = ((span, float(int(segments[span.first].start))) for span in talk.plan if span.name and span.first in titles)
    return [(titles[span.first], said[start], span.fresh) for span, start in found if start in said]


def _share(marks: Sequence[bool]) -> float:
    return 100 * sum(marks) / len(marks) if marks else float("nan")


def show(folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("talks", "F1", "exact borders", "titles: known", "fresh", "caseless", title="errata-tiny")
    for name, row in score(folder).items():
        table.add_row(
            name,
            *(
                f"{value:.1f}"
                for value in (row.f1, row.borders, row.titles_known, row.titles_fresh, row.titles_caseless)
            ),
        )
    Console().print(table)
