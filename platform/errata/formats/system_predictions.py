"""Chapters that some system predicted: one file, `{video_id: {"<start>": title}}`, or a folder of `<video_id>.json`.

A video's chapters may stand under the name `chapters`, with other keys beside it, as Chapter-Llama writes them. A start
is whatever `fields.written_time` reads. None of them, `{}`, is an answer too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import fields
from errata.formats.json_files import read_map


def read_predictions(path: Path) -> dict[str, Chapters]:
    """By video id. Raises BadInput that names file and video."""
    if path.is_dir():
        return {file.stem: read_video(read_map(file), str(file)) for file in prediction_files(path)}
    videos = fields.mapping(read_map(path), str(path))
    return {video: read_video(value, f"{path}, video {video!r}") for video, value in videos.items()}


def prediction_files(path: Path) -> list[Path]:
    """The files that predictions lie in: one, or one a video. Raises BadInput for a folder without, and for a second
    file about a video."""
    if not path.is_dir():
        return [path]
    files: dict[str, Path] = {}
    for file in sorted(path.rglob("*.json")):
        if file.stem in files:
            raise BadInput(f"{file} and {files[file.stem]} are both about {file.stem!r}; keep one")
        files[file.stem] = file
    if not files:
        raise BadInput(f"{path} holds no JSON file; give the folder with a <video_id>.json for each video")
    return list(files.values())


def read_video(value: Any, what: str) -> Chapters:
    """One video's chapters, in order of time. Titles may be empty: they are what was predicted."""
    video = fields.mapping(value, what)
    starts = fields.mapping(video.get("chapters", video), what)
    return fields.chapters(_chapters(starts, what), what)


def _chapters(starts: JsonObject, what: str) -> Iterator[Chapter]:
    for key, title in starts.items():
        start = fields.written_time(key, f"{what}: a start")
        yield Chapter(start, tidy(fields.text(title, f"{what}: the title at {key}")))
