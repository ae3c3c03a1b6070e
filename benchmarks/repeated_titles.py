"""What becomes of titles that say the last one again, by a model that is asked by the template `borders`.

    python -m benchmarks.repeated_titles MODEL TALKS [--models FOLDER] [--only ID …]

Each talk is answered twice, with such titles and without. Prints every title that changes, how many of the neighbouring
titles said the same, F1 of the titles' words against the right ones, and the time that each way took. MODEL is a
sealed model's folder, FOLDER where an adapter's base is kept; TALKS are talks with chapters, in any format that import
reads.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

from benchmarks.talk_files import read_talks
from errata.domain.chapter import Chapters, canonical
from errata.domain.clock import clock
from errata.errors import BadInput
from errata.formats.source_rows import ImportedTranscript
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.inference.load import load
from errata.inference.model import LoadedModel
from errata.tasks.border_task import BorderTask
from errata.tasks.limits import says_again
from errata.tasks.template import Reading
from errata.tasks.view import View
from evaluation.metrics.score import score_video


@dataclass(frozen=True, slots=True)
class Titled:
    chapters: Chapters
    seconds: float
    f1: float | None
    """Of the titles' words."""

    @property
    def repeated(self) -> int:
        return sum(says_again(later.title, earlier.title) for earlier, later in pairwise(self.chapters))


class RepeatingTask(BorderTask):
    """Lets a title say the last one again."""

    def unlike(self, view: View, fillings: Sequence[str]) -> str:
        return ""


def both_ways(folder: Path, models: Path) -> tuple[LoadedModel[Reading], LoadedModel[Reading]]:
    """The model in `folder`, once as it may repeat itself and once as it is asked. Raises BadInput for one of another
    template."""
    card, engine = Card.read(folder), load(folder, models)
    task = chapter_task(card, engine.tokenizer)
    if not isinstance(task, BorderTask):
        raise BadInput(f"{folder} is asked by the template {card.template}; name a model of the template borders")
    same = {field.name: getattr(task, field.name) for field in fields(task)}
    return LoadedModel(engine, RepeatingTask(**same)), LoadedModel(engine, task)


def measure(model: LoadedModel[Reading], talk: ImportedTranscript) -> Titled:
    begun = time.perf_counter()
    [reading] = model.answer([talk.transcript])
    seconds = time.perf_counter() - begun
    right = canonical(talk.reference or (), talk.transcript).chapters
    score = score_video(right, reading.chapters, talk.transcript.duration, talk.transcript.unit)
    return Titled(reading.chapters, seconds, score.title_f1)


def changes(before: Titled, after: Titled) -> Iterator[str]:
    for old, new in zip(before.chapters, after.chapters, strict=True):
        if old.title != new.title:
            yield f"  {clock(new.start)} {old.title} -> {new.title}"


def summary(name: str, answers: Sequence[Titled]) -> str:
    pairs = sum(max(0, len(answer.chapters) - 1) for answer in answers)
    scores = [answer.f1 for answer in answers if answer.f1 is not None]
    f1 = f"{sum(scores) / len(scores):.1f}" if scores else "unknown"
    repeated, seconds = sum(answer.repeated for answer in answers), sum(answer.seconds for answer in answers)
    return f"{name}: {repeated} of {pairs} titles say the last one again; title F1 {f1}; {seconds:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repeated_titles")
    parser.add_argument("model", type=Path)
    parser.add_argument("talks", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--only", nargs="*", default=(), metavar="ID")
    asked = parser.parse_args()
    talks = [talk for talk in read_talks(asked.talks) if talk.reference]
    wanted = [talk for talk in talks if not asked.only or talk.transcript.external_id in asked.only]
    repeating, apart = both_ways(asked.model, asked.models)
    old, new = list[Titled](), list[Titled]()
    for talk in wanted:
        old.append(measure(repeating, talk))
        new.append(measure(apart, talk))
        print(talk.transcript.external_id, *changes(old[-1], new[-1]), sep="\n", flush=True)
    print(summary("may say it again", old), summary("may not", new), sep="\n")


if __name__ == "__main__":
    main()
