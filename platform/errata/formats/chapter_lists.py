"""Lists of chapters without a transcript: Podcasting 2.0, Podlove, mp4chaps, OGM, ffmpeg's metadata and WebVTT.

Beside a transcript of the same name they come with it (`talk`, `folder`); by themselves they are `lone_chapters`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import chapter_markers, podcast_chapters, podlove, webvtt_chapters
from errata.formats.json_files import is_there, parse, read_text

_SAYING = (".chapters", "-chapters", "_chapters", ".psc", ".podlove", ".ffmetadata", ".ogm")
"""What the stem of a transcript's list has after the transcript's own, in the order in which they are looked for."""
_SUFFIXES = (".json", ".xml", ".psc", ".txt", ".chapters", ".ffmetadata")
_VTT = ".vtt"
"""Beside a transcript of the same name it is captions, unless its name says that it is chapters."""
_CHAPTERS = ".chapters"
_LONGEST = 1_000_000
"""Characters: exports of other tools, which may be long, aren't parsed to see that they are none."""


def is_one(path: Path) -> bool:
    """Whether a file holds such a list, or a feed of them, by its content. Raises BadInput when it can't be read."""
    text = read_text(path)
    if not _is_json(text):
        return fits(text, named_so=path.stem.endswith(_CHAPTERS))
    if len(text) > _LONGEST or not any(key in text for key in ('"startTime"', '"start"')):
        return False
    try:
        return fits(parse(text))
    except BadInput:
        return False


def fits(content: Any, named_so: bool = False) -> bool:
    """Whether a JSON value or a text is such a list; `named_so`: whether the file's name says that it is one."""
    if isinstance(content, str):
        markers = chapter_markers.fits(content, named_so) or webvtt_chapters.fits(content, named_so)
        return markers or podlove.fits_xml(content)
    return podcast_chapters.fits(content) or podlove.fits_json(content)


def beside(path: Path) -> list[Path]:
    """The lists of this transcript's chapters, of which the first counts; what a name says to be one may be broken."""
    saying = [path.with_name(path.stem + stem + suffix) for stem in _SAYING for suffix in (*_SUFFIXES, _VTT)]
    other = [path.with_name(path.stem + suffix) for suffix in _SUFFIXES]
    return [file for file in saying if is_there(file)] + [file for file in other if file != path and _holds_one(file)]


def _holds_one(file: Path) -> bool:
    """A `.json` of the same name may be anything; when it can't be read it is another reader's to refuse."""
    try:
        return is_there(file) and is_one(file)
    except BadInput:
        return False


def metadata(path: Path) -> JsonObject:
    """The chapters, and what else the file tells, as `chapter_llama` has it in its metadata. Raises BadInput."""
    try:
        text = read_text(path)
        if _is_json(text):
            return _of_json(parse(text))
        if podlove.fits_xml(text):
            return {"chapters": _only(podlove.episodes(text))}
        is_vtt = webvtt_chapters.fits(text, named_so=True)
        return {"chapters": webvtt_chapters.starts(text) if is_vtt else chapter_markers.starts(text)}
    except BadInput as problem:
        raise BadInput("in its chapters, {}: {}", path.name, problem) from problem


def episodes_of(path: Path) -> list[podlove.Episode]:
    """The lists in a file, of which a feed has several. Raises BadInput."""
    text = read_text(path)
    if not _is_json(text) and podlove.fits_xml(text):
        return podlove.episodes(text)
    return [podlove.Episode("", metadata(path)["chapters"])]


def _of_json(value: Any) -> JsonObject:
    return {"chapters": podlove.json_starts(value)} if podlove.fits_json(value) else podcast_chapters.metadata(value)


def _only(episodes: list[podlove.Episode]) -> JsonObject:
    if len(episodes) > 1 or episodes[0].name:
        raise BadInput("it is a feed of episodes; import it with `errata import corrections`")
    return episodes[0].starts


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def files(folder: Path) -> list[Path]:
    """Those of a folder that hold such lists."""
    return [file for file in sorted(folder.iterdir()) if file.suffix.lower() in (*_SUFFIXES, _VTT) and _holds_one(file)]
