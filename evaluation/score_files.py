"""Scores of any system's chapters, straight from the files that it writes; nothing of ours needs to have made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from errata.domain.chapter import Chapters
from errata.errors import BadInput, Unavailable
from errata.formats.fields import mapping, written_time
from errata.formats.json_files import read_map
from errata.formats.system_predictions import read_predictions, read_video
from evaluation.metrics.caption_score import CaptionScore, score_captions
from evaluation.metrics.meteor import Meteor, command, start_meteor
from evaluation.metrics.score import means, score_video
from evaluation.metrics.segmentation import NEAR
from evaluation.metrics.stem_meteor import StemMeteor

UNITS = {
    "most": "percent",
    "count_error": "segments",
    "cider": "as published: a perfect list of titles of four words and more has 1,000",
    "pk, windowdiff, boundary_similarity": f"percent, by whole seconds; near misses are less than {NEAR} s apart",
}

LONGEST = 1e9
"""Seconds that a video may have: some thirty years. A second is the unit of the segmentation metrics."""


@dataclass(frozen=True, slots=True)
class MeteorTool:
    name: str
    missing: str | None
    """What METEOR's own tool lacks; None where it was used."""


@dataclass(frozen=True, slots=True)
class FileScores:
    videos: Mapping[str, Mapping[str, float | None]]
    """Scores by video and metric; None where a metric isn't defined."""
    mean: Mapping[str, float | None]
    left_out: Mapping[str, int]
    """By metric, for how many videos it isn't defined, if for any."""
    answered: float
    """Percent of the videos that have a prediction."""
    missing: Sequence[str]
    """Videos without a prediction: they get the worst score in every mean (upstream leaves them out)."""
    unknown: Sequence[str]
    """Videos with a prediction that the reference lacks: not scored."""
    meteor_tool: MeteorTool
    units: Mapping[str, str]


def open_meteor() -> AbstractContextManager[Meteor]:
    """METEOR 1.5 where the extra and Java are installed, or else its substitute, which says what is missing."""
    try:
        command()
    except Unavailable as error:
        return nullcontext(StemMeteor(str(error)))
    return start_meteor()


def score_files(
    reference: Path, predictions: Path, meteor: Meteor, advance: Callable[[], None] = lambda: None
) -> FileScores:
    """Scores every video of `reference`; `advance` is called after each.

    `reference` holds `{video_id: {"duration": seconds, "chapters": {"<start>": title}}}` (further keys are ignored).
    `predictions` is a file or a folder that `formats.system_predictions` reads, as it reads the reference's chapters.

    `soda_c` and `meteor` are always METEOR 1.5's: a substitute's are called so and stand beside them, and `meteor_tool`
    says why.

    Raises BadInput, naming file and video, for a file that can't be read or a value that can't be used.
    """
    references, predicted = _references(reference), read_predictions(predictions)
    videos = {}
    for name, (chapters, duration) in references.items():
        score = asdict(score_video(chapters, predicted.get(name), duration))
        titles = score_captions(chapters, predicted.get(name, ()), duration, meteor)
        videos[name] = score | _caption_values(titles, meteor)
        advance()
    mean, left_out = means(list(videos.values()))
    missing = sorted(references.keys() - predicted.keys())
    return FileScores(
        videos=videos,
        mean=mean,
        left_out=left_out,
        answered=100 * (len(references) - len(missing)) / len(references),
        missing=missing,
        unknown=sorted(predicted.keys() - references.keys()),
        meteor_tool=MeteorTool(meteor.name, meteor.missing),
        units=UNITS,
    )


def _caption_values(score: CaptionScore, meteor: Meteor) -> dict[str, float | None]:
    """A substitute's scores under names that nobody takes for the published ones."""
    values = asdict(score)
    if meteor.missing is None:
        return values
    stand_ins = {f"{name}_substitute": values[name] for name in ("soda_c", "meteor")}
    return values | dict.fromkeys(("soda_c", "meteor")) | stand_ins


def _references(path: Path) -> dict[str, tuple[Chapters, float]]:
    """Each video's right chapters, and how long it is."""
    videos = mapping(read_map(path), str(path))
    if not videos:
        raise BadInput(f"{path} holds no video; give at least one")
    return {name: _reference(value, f"{path}, video {name!r}") for name, value in videos.items()}


def _reference(value: Any, what: str) -> tuple[Chapters, float]:
    video = mapping(value, what)
    for key in ("duration", "chapters"):
        if key not in video:
            raise BadInput(f'{what} has no "{key}"; add it')
    duration = written_time(video["duration"], f"{what}: the duration")
    if not 0 < duration <= LONGEST:
        raise BadInput(f"{what}: the duration is {duration:g}; give the video's length in seconds")
    return read_video(video["chapters"], what), duration
