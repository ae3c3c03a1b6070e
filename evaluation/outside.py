"""Scores of any system's chapters, straight from the files that it writes; nothing of ours needs to have made them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from errata.domain.chapter import Chapter, Chapters
from errata.errors import BadInput, Unavailable
from evaluation.metrics import meteor as tool
from evaluation.metrics.caption_score import CaptionScore, score_captions
from evaluation.metrics.meteor import Meteor
from evaluation.metrics.score import means, score_video
from evaluation.metrics.segmentation import NEAR
from evaluation.metrics.stem_meteor import StemMeteor
from evaluation.outside_json import as_object, read

UNITS = {
    "most": "percent",
    "count_error": "segments",
    "cider": "as published: a perfect list of titles of four words and more has 1,000",
    "pk, windowdiff, boundary_similarity": f"percent, by whole seconds; near misses are less than {NEAR} s apart",
}

LONGEST = 1e9
"""Seconds that a video may have: some thirty years. A second is the unit of the segmentation metrics."""

_NUMBER = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d*)?")
_CLOCK = re.compile(r"(\d+):([0-5]\d):([0-5]\d)")


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


@contextmanager
def meteor_at_hand() -> Iterator[Meteor]:
    """METEOR 1.5 where the extra and Java are installed, or else its substitute, which says what is missing."""
    try:
        tool.command()
    except Unavailable as error:
        missing = str(error)
    else:
        missing = ""
    if missing:
        yield StemMeteor(missing)
        return
    with tool.published() as meteor:
        yield meteor


def score_files(
    reference: Path, predictions: Path, meteor: Meteor, advance: Callable[[], None] = lambda: None
) -> FileScores:
    """Scores every video of `reference`; `advance` is called after each.

    `reference` holds `{video_id: {"duration": seconds, "chapters": {"<start>": title}}}` (further keys are ignored).
    `predictions` is a file `{video_id: {"<start>": title}}`, or a folder with a file `<video_id>.json` for each video,
    `{"chapters": {"<start>": title}}`, as Chapter-Llama writes them. A start is in seconds or `HH:MM:SS`.

    `soda_c` and `meteor` are always METEOR 1.5's: a substitute's are called so and stand beside them, and `meteor_tool`
    says why.

    Raises BadInput, naming file and video, for a file that can't be read or a value that can't be used.
    """
    wanted = {name: _reference(reference, name, video) for name, video in _videos(reference).items()}
    if not wanted:
        raise BadInput(f"{reference} holds no video; give at least one")
    found = _folder(predictions) if predictions.is_dir() else _file(predictions)
    videos = {}
    for name, (chapters, duration) in wanted.items():
        score = score_video(chapters, found.get(name), duration).as_json()
        titles = score_captions(chapters, found.get(name, ()), duration, meteor)
        videos[name] = score | _named(titles, meteor)
        advance()
    mean, left_out = means(list(videos.values()))
    missing = sorted(wanted.keys() - found.keys())
    return FileScores(
        videos=videos,
        mean=mean,
        left_out=left_out,
        answered=100 * (len(wanted) - len(missing)) / len(wanted),
        missing=missing,
        unknown=sorted(found.keys() - wanted.keys()),
        meteor_tool=MeteorTool(meteor.name, meteor.missing),
        units=UNITS,
    )


def _named(score: CaptionScore, meteor: Meteor) -> dict[str, float | None]:
    """A substitute's scores under names that nobody takes for the published ones."""
    values = asdict(score)
    if meteor.missing is None:
        return values
    stand_ins = {f"{name}_substitute": values[name] for name in ("soda_c", "meteor")}
    return values | dict.fromkeys(("soda_c", "meteor")) | stand_ins


def _videos(path: Path) -> Mapping[str, Any]:
    return as_object(read(path), f"{path}", "one entry per video")


def _file(path: Path) -> dict[str, Chapters]:
    return {name: _chapters(f"{path}, video {name!r}", value) for name, value in _videos(path).items()}


def _folder(path: Path) -> dict[str, Chapters]:
    found: dict[str, Path] = {}
    for file in sorted(path.rglob("*.json")):
        if file.stem in found:
            raise BadInput(f"{file} and {found[file.stem]} are both about {file.stem!r}; keep one")
        found[file.stem] = file
    if not found:
        raise BadInput(f"{path} holds no JSON file; give the folder with a <video_id>.json for each video")
    return {name: _chapters(f"{file}", read(file)) for name, file in found.items()}


def _reference(path: Path, name: str, value: Any) -> tuple[Chapters, float]:
    where = f"{path}, video {name!r}"
    video = as_object(value, where, '"duration" and "chapters"')
    for key in ("duration", "chapters"):
        if key not in video:
            raise BadInput(f'{where} has no "{key}"; add it')
    duration = _seconds(video["duration"], f"{where}: the duration")
    if not 0 < duration <= LONGEST:
        raise BadInput(f"{where}: the duration is {duration:g}; give the video's length in seconds")
    return _chapters(where, video["chapters"]), duration


def _chapters(where: str, value: Any) -> Chapters:
    contents = 'chapters as {"<start in seconds>": title}'
    chapters: dict[float, Chapter] = {}
    named = as_object(value, where, contents)
    for key, title in as_object(named.get("chapters", named), where, contents).items():
        start = _seconds(key, f"{where}: the start")
        if start in chapters:
            raise BadInput(f"{where} has two chapters that start at {start:g} s; keep one")
        if not isinstance(title, str):
            raise BadInput(f"{where}: the title at {key} is {title!r}, not a text; write it in quotes")
        chapters[start] = _chapter(where, start, title)
    return tuple(chapters.values())


def _chapter(where: str, start: float, title: str) -> Chapter:
    try:
        return Chapter(start, title)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error


def _seconds(value: Any, what: str) -> float:
    """A number, or in a string one where commas part thousands ("1,234.5"), or a time ("00:20:34")."""
    seconds = math.nan
    if isinstance(value, str):
        seconds = _read_seconds(value.strip())
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = _float(value)
    if not math.isfinite(seconds) or seconds < 0:
        raise BadInput(f"{what} is {value!r}; it must be a number of seconds, 0 or more, like 75, 75.5 or 00:01:15")
    return seconds


def _read_seconds(text: str) -> float:
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = map(int, clock.groups())
        return 3600.0 * hours + 60 * minutes + seconds
    return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else math.nan


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
