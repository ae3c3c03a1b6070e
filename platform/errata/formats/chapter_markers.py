"""Chapters in the text files of media tools: mp4chaps, OGM (mkvextract -s) and ffmpeg's metadata.

    00:02:48.000 Bags                               mp4chaps: each line a time and a title
    CHAPTER02=00:02:48.000, CHAPTER02NAME=Bags      OGM: two lines a chapter
    ;FFMETADATA1, [CHAPTER] TIMEBASE=1/1000 START=168000 END=… title=Bags

A text of which each line begins with a time to the millisecond may also be what somebody said: chapters last 10 seconds
or more. A file that is called `….chapters.txt` need not write the milliseconds.
"""

from __future__ import annotations

import re
from itertools import pairwise

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.chapter_pace import SHORTEST
from errata.formats.json_files import json_object
from errata.formats.timed_lines import read_line

_MP4CHAPS = re.compile(r"\d{1,3}:[0-5]\d:[0-5]\d\.\d{1,3}\s+\S.*")
_OGM = re.compile(r"CHAPTER(\d+)(NAME)?=(.*)", re.IGNORECASE)
_FFMETADATA = ";FFMETADATA"
_NANOSECONDS = (1, 1_000_000_000)
"""What ffmpeg counts in where no TIMEBASE says it."""


def fits(text: str, named_so: bool = False) -> bool:
    """`named_so`: whether the file's name says that it holds chapters."""
    lines = _lines(text)
    if not lines:
        return False
    return lines[0].startswith(_FFMETADATA) or bool(_OGM.fullmatch(lines[0])) or _is_mp4chaps(lines, named_so)


def starts(text: str) -> JsonObject:
    """start → title. Raises BadInput."""
    lines = _lines(text)
    if lines[0].startswith(_FFMETADATA):
        return json_object(_ffmetadata(lines))
    return json_object(_ogm(lines) if _OGM.fullmatch(lines[0]) else _mp4chaps(lines))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


def _is_mp4chaps(lines: list[str], named_so: bool) -> bool:
    exact = named_so or all(_MP4CHAPS.fullmatch(line) for line in lines)
    if not exact:  # as of most texts that are looked at: their lines needn't be read to see it
        return False
    times = [line.start for line in map(read_line, lines) if line is not None and line.shape == "time first"]
    if len(times) < len(lines):
        return False
    moments = [time for time in times if time is not None]
    return named_so or all(after - before >= SHORTEST for before, after in pairwise(moments))


def _mp4chaps(lines: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for line in lines:
        read = read_line(line)
        if read is None or read.start is None or not read.title:
            raise BadInput("the line {!r} is no time and title; write 00:00:00.000 Title", line[:60])
        pairs.append((str(read.start), read.title))
    return pairs


def _ogm(lines: list[str]) -> list[tuple[str, str]]:
    times: dict[str, str] = {}
    titles: dict[str, str] = {}
    for line in lines:
        match = _OGM.fullmatch(line)
        if match is None:
            raise BadInput("the line {!r} is none of CHAPTER01= or CHAPTER01NAME=; take it out", line[:60])
        (titles if match[2] else times)[match[1]] = match[3].strip()
    for number in {**times, **titles}:
        if number not in times or not titles.get(number):
            raise BadInput("chapter {} has no {}; add it", number, "title" if number in times else "time")
    return [(time, titles[number]) for number, time in times.items()]


def _ffmetadata(lines: list[str]) -> list[tuple[str, str]]:
    sections: list[dict[str, str]] = []
    inside = False
    for line in lines:
        if line.startswith("["):
            inside = line.upper() == "[CHAPTER]"
            sections += [{}] if inside else []
        elif inside and not line.startswith((";", "#")):
            name, _, value = line.partition("=")
            sections[-1][name.strip().lower()] = re.sub(r"\\(.)", r"\1", value)
    for at, section in enumerate(sections, start=1):
        if not section.get("title"):
            raise BadInput("chapter {} has no title; add it", at)
    return [(str(_ffmpeg_start(section, at)), section["title"]) for at, section in enumerate(sections)]


def _ffmpeg_start(section: dict[str, str], at: int) -> float:
    above, _, below = section.get("timebase", "{}/{}".format(*_NANOSECONDS)).partition("/")
    try:
        return int(section["start"]) * int(above) / int(below)
    except (KeyError, ValueError, ZeroDivisionError) as problem:
        raise BadInput("chapter {} has no START that can be read; mend it", at + 1) from problem
