"""How many videos a second each metric scores, on one core.

    python -m benchmarks.metrics            10,000 videos of about ten chapters; a fifth of them for each metric alone
    python -m benchmarks.metrics --small    a tenth of that

Titles and chapters are generated; half of the predicted titles are the reference's. All that the harness computes is
timed first, with empty caches; then each metric alone. CPU seconds count; a busy machine still makes them more.
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
AT_MOST = 30.0
"""CPU seconds that all metrics of 10,000 videos may take: a night's harness computes them for every item and model."""


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
    words = [f"w{number:x}" for number in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))

    def title() -> str:
        return " ".join(random.choices(words, cum_weights=weights, k=random.randint(2, 7)))

    def video() -> Video:
        duration = random.randint(600, 5400)
        starts = sorted({0, *random.sample(range(1, duration), random.randint(5, 13))})
        reference = tuple(Chapter(float(start), title()) for start in starts)
        kept = [chapter for chapter in reference if random.random() < 0.9] or list(reference)
        moved = {max(0, int(chapter.start) + random.choice((0, 0, 3, -4, 20))): chapter.title for chapter in kept}
        said = {start: old if random.random() < 0.5 else title() for start, old in moved.items()}
        return Video(reference, tuple(Chapter(float(start), now) for start, now in said.items()), float(duration))

    return [video() for _ in range(count)]


def masses(video: Video) -> tuple[list[int], list[int]]:
    return segmentation.masses(video.reference, video.duration), segmentation.masses(video.prediction, video.duration)


def titles(video: Video) -> None:
    score_titles(video.reference, video.prediction, overlap.matches(video.overlaps), (False, False))


def caption(score: Callable[[list[captions.Pair]], float]) -> Callable[[Video], float]:
    return lambda video: captions.mean_over_thresholds(
        score, captions.titles(video.reference), captions.titles(video.prediction), video.overlaps
    )


SUBSTITUTE = StemMeteor("it is what is timed")
METRICS: dict[str, Callable[[Video], object]] = {
    "IoU, which all but the last three begin with": lambda video: video.overlaps,
    "F1, precision, recall": lambda video: overlap.precision_recall_f1(video.overlaps),
    "tIoU": lambda video: overlap.tiou(video.overlaps, overlap.matches(video.overlaps)),
    "SODA_d": lambda video: soda.precision_recall_f1(video.overlaps),
    "titles": titles,
    "CIDEr": caption(cider),
    "ROUGE-L": caption(rouge_l),
    "SODA_c, METEOR by the substitute, ROUGE-L": lambda video: score_captions(
        video.reference, video.prediction, video.duration, SUBSTITUTE
    ),
    "precision and recall at seconds": lambda video: distance.precision_recall(video.reference, video.prediction),
    "Pk and WindowDiff": lambda video: segmentation.window_errors(*masses(video)),
    "Boundary Similarity": lambda video: segmentation.boundary_similarity(*masses(video), segmentation.NEAR),
}
NIGHTLY = "all that the harness computes"


def timed(score: Callable[[Video], object], videos: Sequence[Video]) -> float:
    begin = time.process_time()
    for video in videos:
        score(video)
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a tenth of the videos")
    videos = made_up(VIDEOS // (10 if parser.parse_args().small else 1))
    together = timed(lambda video: score_video(video.reference, video.prediction, video.duration), videos)
    some = videos[: len(videos) // 5]
    each = {NIGHTLY: together / len(videos)} | {name: timed(score, some) / len(some) for name, score in METRICS.items()}
    table = Table("metric", "videos a second", "seconds for 10,000", title=f"{len(videos):,} videos, one core")
    for name, spent in each.items():
        table.add_row(name, f"{1 / spent:,.0f}", f"{10_000 * spent:.1f}")
    Console().print(table)
    if 10_000 * each[NIGHTLY] > AT_MOST:
        raise SystemExit(f"the harness's metrics take more than {AT_MOST:g} CPU seconds for 10,000 videos")


if __name__ == "__main__":
    main()
