"""Scores of any system's chapters, straight from two JSON files; nothing of ours needs to have made them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errata.domain.chapter import Chapter, Chapters
from errata.errors import BadInput
from evaluation.metrics.score import VideoScore, mean_score, score_video

_NUMBER = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d*)?")
_SHOWN = ("f1", "precision", "recall", "tiou")


def score_files(reference: Path, predictions: Path) -> dict[str, Any]:
    """`{"videos": {id: scores}, "mean": scores, "missing": [id], "unknown": [id]}`, scores in percent.

    `reference` holds `{video_id: {"duration": seconds, "chapters": {"<start s>": title}}}` (further keys are ignored)
    and `predictions` `{video_id: {"<start s>": title}}`. A video without a prediction is "missing" and scores 0 in
    every mean; a prediction for a video that the reference lacks is "unknown" and isn't scored.

    Raises BadInput, naming file and video, for a file that can't be read or a value that can't be used.
    """
    wanted = {name: _reference(reference, name, video) for name, video in _videos(reference).items()}
    if not wanted:
        raise BadInput(f"{reference} holds no video; give at least one")
    found = {name: _chapters(predictions, name, video) for name, video in _videos(predictions).items()}
    scores = {name: score_video(chapters, found.get(name), length) for name, (chapters, length) in wanted.items()}
    return {
        "videos": {name: _shown(score) for name, score in scores.items()},
        "mean": _shown(mean_score(list(scores.values())).mean),
        "missing": sorted(wanted.keys() - found.keys()),
        "unknown": sorted(found.keys() - wanted.keys()),
    }


def _shown(score: VideoScore) -> dict[str, float]:
    return {name: getattr(score, name) for name in _SHOWN}


def _videos(path: Path) -> Mapping[str, Any]:
    """The file's top-level object."""
    try:
        value = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=lambda pairs: _once(path, pairs))
    except OSError as error:
        raise BadInput(f"{path} can't be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} isn't JSON ({error}); mend it") from error
    return _object(value, f"{path}", "one entry per video")


def _once(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are unique: JSON readers keep the last of two in silence."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(f"{path} has the key {twice!r} twice in one object; keep one")
    return value


def _reference(path: Path, name: str, value: Any) -> tuple[Chapters, float]:
    where = f"{path}, video {name!r}"
    video = _object(value, where, '"duration" and "chapters"')
    for key in ("duration", "chapters"):
        if key not in video:
            raise BadInput(f'{where} has no "{key}"; add it')
    duration = _seconds(video["duration"], f"{where}: the duration")
    if duration == 0:
        raise BadInput(f"{where}: the duration is 0; give the video's length in seconds")
    return _chapters(path, name, video["chapters"]), duration


def _chapters(path: Path, name: str, value: Any) -> Chapters:
    where = f"{path}, video {name!r}"
    chapters: dict[float, Chapter] = {}
    for key, title in _object(value, where, 'chapters as {"<start in seconds>": title}').items():
        start = _seconds(key, f"{where}: the start")
        if start in chapters:
            raise BadInput(f"{where} has two chapters that start at {start:g} s; keep one")
        if not isinstance(title, str):
            raise BadInput(f"{where}: the title at {key} is {title!r}, not a text; write it in quotes")
        chapters[start] = Chapter(start, title)
    return tuple(chapters.values())


def _object(value: Any, where: str, contents: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{where} is {_kind(value)}, not an object; it must hold {contents}")
    return value


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")


def _seconds(value: Any, what: str) -> float:
    """A number, or one in a string, where commas part thousands ("1,234.5")."""
    seconds = math.nan
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        seconds = float(value.strip().replace(",", ""))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = _float(value)
    if not math.isfinite(seconds) or seconds < 0:
        raise BadInput(f"{what} is {value!r}; it must be a number of seconds, 0 or more, like 75 or 75.5")
    return seconds


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
