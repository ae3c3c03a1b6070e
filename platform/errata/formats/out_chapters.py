"""A talk's chapters as other programs read them: video platforms, players, podcast tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args
from xml.sax.saxutils import quoteattr

from errata.domain.chapter import Chapter, Chapters, chapters_to_json
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.files import json_text

ChapterFormat = Literal["text", "json", "vtt", "ffmetadata", "podlove", "podcast", "mp4chaps"]
CHAPTER_FORMATS: tuple[ChapterFormat, ...] = get_args(ChapterFormat)
SUFFIXES: Mapping[ChapterFormat, str] = {
    "text": ".txt",
    "json": ".json",
    "vtt": ".vtt",
    "ffmetadata": ".ffmetadata",
    "podlove": ".psc",
    "podcast": ".chapters.json",
    "mp4chaps": ".chapters.txt",
}
"""What a file of each format ends in."""


def write_chapters(format_name: ChapterFormat, transcript: Transcript, chapters: Chapters) -> str:
    """The chapters, in order, as one text. Raises BadInput as `check_times`."""
    check_times(format_name, transcript)
    return _WRITERS[format_name](transcript, chapters)


def check_times(format_name: ChapterFormat, transcript: Transcript) -> None:
    """Raises BadInput for text without times in a format that has nothing else."""
    if transcript.unit == "words" and format_name not in ("text", "json"):
        raise BadInput(
            "{!r} has no times, and {} holds nothing else; ask for text or json", transcript.external_id, format_name
        )


def _text(transcript: Transcript, chapters: Chapters) -> str:
    """`0:00 Title`, as descriptions of videos have them; without times the number of the word at which one starts."""
    return "".join(f"{shown_start(chapter, transcript)} {chapter.title}\n" for chapter in chapters)


def shown_start(chapter: Chapter, transcript: Transcript) -> str:
    """`M:SS`, or without times the number of a word."""
    return f"{chapter.start:.0f}" if transcript.unit == "words" else _short_clock(chapter.start)


def _json(transcript: Transcript, chapters: Chapters) -> str:
    return json_text(chapters_to_json(chapters))


def _webvtt(transcript: Transcript, chapters: Chapters) -> str:
    cues = []
    for chapter, end in _spans(transcript, chapters):
        title = chapter.title.replace("&", "&amp;").replace("<", "&lt;").replace("-->", "--&gt;")
        cues.append(f"\n{_long_clock(chapter.start)} --> {_long_clock(end)}\n{title}\n")
    return "".join(["WEBVTT\n", *cues])


def _ffmetadata(transcript: Transcript, chapters: Chapters) -> str:
    parts = [";FFMETADATA1\n"]
    for chapter, end in _spans(transcript, chapters):
        title = "".join(f"\\{letter}" if letter in "=;#\\" else letter for letter in chapter.title)
        times = f"TIMEBASE=1/1000\nSTART={round(chapter.start * 1000)}\nEND={round(end * 1000)}"
        parts.append(f"\n[CHAPTER]\n{times}\ntitle={title}\n")
    return "".join(parts)


def _podlove(transcript: Transcript, chapters: Chapters) -> str:
    """Podlove Simple Chapters 1.2."""
    lines = [
        f'  <psc:chapter start="{_long_clock(chapter.start)}" title={quoteattr(chapter.title)}/>\n'
        for chapter in chapters
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<psc:chapters version="1.2" xmlns:psc="http://podlove.org/simple-chapters">\n'
    return "".join([head, *lines, "</psc:chapters>\n"])


def _podcast(transcript: Transcript, chapters: Chapters) -> str:
    """Podcasting 2.0's JSON."""
    items = [{"startTime": chapter.start, "title": chapter.title} for chapter in chapters]
    return json_text({"version": "1.2.0", "chapters": items})


def _mp4chaps(transcript: Transcript, chapters: Chapters) -> str:
    return "".join(f"{_long_clock(chapter.start)} {chapter.title}\n" for chapter in chapters)


_WRITERS: Mapping[ChapterFormat, Callable[[Transcript, Chapters], str]] = {
    "text": _text,
    "json": _json,
    "vtt": _webvtt,
    "ffmetadata": _ffmetadata,
    "podlove": _podlove,
    "podcast": _podcast,
    "mp4chaps": _mp4chaps,
}


def _spans(transcript: Transcript, chapters: Chapters) -> list[tuple[Chapter, float]]:
    """Each chapter with its end: where the next one starts, or the talk ends."""
    ends = [*(chapter.start for chapter in chapters[1:]), transcript.duration]
    return list(zip(chapters, ends, strict=False))


def _short_clock(seconds: float) -> str:
    """`M:SS`, from an hour on `H:MM:SS`."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def _long_clock(seconds: float) -> str:
    """`HH:MM:SS.mmm`."""
    whole, thousandth = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandth:03d}"
