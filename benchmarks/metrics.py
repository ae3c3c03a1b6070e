"""What each family of metrics costs for 10,000 videos on one core, and how many times that of F1 alone.

    python -m benchmarks.metrics            10,000 videos of about ten chapters
    python -m benchmarks.metrics --small    a tenth of that

Chapters and titles are generated: words by Zipf's law, of letters alone in six titles of ten, as in real ones; half of
the predicted titles are the reference's. The ratios are taken in one run, in CPU seconds, so that they hold on another
machine; the seconds are this machine's, and a busy one makes them more.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from rich.console import Console
from rich.table import Table

from errata.domain.chapter import Chapter, Chapters
from evaluation.metrics import captions, distance, overlap, segmentation, soda
from evaluation.metrics.caption_score import score_captions
from evaluation.metrics.cider import cider
from evaluation.metrics.rouge import rouge_l
from evaluation.metrics.score import score_video
from evaluation.metrics.stem_meteor import StemMeteor
from evaluation.metrics.titles import score_titles

VIDEOS = 10_000
VOCABULARY = 5_000
LETTERS = "aeioubcdfgklmnprst"
AT_MOST = 25.0
"""Times F1 alone that all metrics of a night may take: its harness computes them for every item and model."""


@dataclass(frozen=True, slots=True)
class Video:
    reference: Chapters
    prediction: Chapters
    duration: float

    @property
    def overlaps(self) -> overlap.Array:
        return overlap.iou(*(overlap.spans(side, self.duration) for side in (self.reference, self.prediction)))


def made_up(count: int) -> list[Video]:
    random = Random("metrics")
    words = ["".join(random.choices(LETTERS, k=random.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
    around = ("{}",) * 6 + ("{}?", "Part 3: {}", "{}, and why it’s so", "The {} (again)")

    def title() -> str:
        drawn = random.choices(words, cum_weights=weights, k=random.randint(2, 7))
        return random.choice(around).format(" ".join(drawn)).capitalize()

    def video() -> Video:
        duration = random.randint(600, 5400)
        starts = sorted({0, *random.sample(range(1, duration), random.randint(5, 13))})
        reference = tuple(Chapter(float(start), title()) for start in starts)
        kept = [chapter for chapter in reference if random.random() < 0.9] or list(reference)
        moved = {max(0, int(chapter.start) + random.choice((0, 0, 3, -4, 20))): chapter.title for chapter in kept}
        said = {start: old if random.random() < 0.5 else title() for start, old in moved.items()}
        return Video(reference, tuple(Chapter(float(start), now) for start, now in said.items()), float(duration))

    return [video() for _ in range(count)]


def f1_alone(video: Video) -> object:
    sides = (overlap.segments(side, video.duration) for side in (video.reference, video.prediction))
    return overlap.precision_recall_f1(overlap.iou(*sides))


def tiou(video: Video) -> float:
    overlaps = video.overlaps
    return overlap.tiou(overlaps, overlap.matches(overlaps))


def masses(video: Video) -> tuple[list[int], list[int]]:
    return segmentation.masses(video.reference, video.duration), segmentation.masses(video.prediction, video.duration)


def titles(video: Video) -> object:
    return score_titles(video.reference, video.prediction, overlap.matches(video.overlaps), (False, False))


def caption(score: Callable[[list[captions.Pair]], float]) -> Callable[[Video], float]:
    return lambda video: captions.mean_over_thresholds(
        score, captions.titles(video.reference), captions.titles(video.prediction), video.overlaps
    )


SUBSTITUTE = StemMeteor("it is what is timed")
ALONE = "F1, precision, recall"
NIGHTLY = "all that a night computes"
FAMILIES: dict[str, Callable[[Video], object]] = {
    ALONE: f1_alone,
    "tIoU": tiou,
    "precision and recall at seconds": lambda video: distance.precision_recall(video.reference, video.prediction),
    "SODA_d": lambda video: soda.precision_recall_f1(video.overlaps),
    "Pk and WindowDiff": lambda video: segmentation.window_errors(*masses(video)),
    "Boundary Similarity": lambda video: segmentation.boundary_similarity(*masses(video), segmentation.NEAR),
    "titles": titles,
    "CIDEr": caption(cider),
    NIGHTLY: lambda video: score_video(video.reference, video.prediction, video.duration),
    "ROUGE-L": caption(rouge_l),
    "SODA_c, METEOR by the substitute, ROUGE-L": lambda video: score_captions(
        video.reference, video.prediction, video.duration, SUBSTITUTE
    ),
}


def seconds(score: Callable[[Video], object], videos: Sequence[Video]) -> float:
    """Of CPU, for 10,000 videos; what is made once, tables and imports, has been made before."""
    score(videos[0])
    begin = time.process_time()
    for video in videos:
        score(video)
    return (time.process_time() - begin) / len(videos) * VIDEOS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a tenth of the videos")
    videos = made_up(VIDEOS // (10 if parser.parse_args().small else 1))
    spent = {name: seconds(score, videos) for name, score in FAMILIES.items()}
    table = Table("metrics", "CPU seconds for 10,000", "times F1 alone", title=f"{len(videos):,} videos, one core")
    for name, took in spent.items():
        table.add_row(name, f"{took:.1f}", f"{took / spent[ALONE]:.1f}")
    Console().print(table)
    if spent[NIGHTLY] > AT_MOST * spent[ALONE]:
        raise SystemExit(f"{NIGHTLY} takes more than {AT_MOST:g} times as long as {ALONE}")


if __name__ == "__main__":
    main()
