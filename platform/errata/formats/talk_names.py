"""Which talk a file is of, by its name: as yt-dlp calls its files, and without what lists of chapters append.

Crab [dQw4w9WgXcQ].en.vtt        the id in brackets at the title's end; an info file beside it has the last word
Crab [dQw4w9WgXcQ].description   (yt-dlp alone writes these: ids of other sites count too)
jute26.chapters.txt              jute26
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from errata.errors import BadInput
from errata.formats.json_files import is_there, read_map

INFO = ".info.json"
DESCRIPTION = ".description"
_PARTS = 3
"""How many parts an ending has at most, as in `talk.f137.mp4.part`."""
_YOUTUBE = re.compile(r".*\[([\w-]{11})\]", re.DOTALL)
_ANY_SITE = re.compile(r".*\[([^\[\]\s]+)\]", re.DOTALL)
_LIST = re.compile(r"(.+?)(?:[._-](?:chapters?|psc|podlove|ffmetadata|ogm))+", re.IGNORECASE | re.DOTALL)


def talk_of(path: Path) -> str:
    """The talk's id; the file's stem where nothing in its name or beside it says another."""
    bases = list(names_without_ending(path.name, _PARTS + 1))  # `list_of` adds one
    for base in bases:
        if name := _info_id(path.with_name(base + INFO)):
            return name
    pattern = _ANY_SITE if path.suffix.lower() == DESCRIPTION else _YOUTUBE
    for base in bases:
        if match := pattern.fullmatch(base):
            return match[1]
    return path.stem


def list_of(path: Path) -> str:
    """The id of the talk that a list of chapters is of."""
    match = _LIST.fullmatch(path.stem)
    return talk_of(path.with_name((match[1] if match else path.stem) + ".list"))


def id_in_title(stem: str) -> str:
    """The id that yt-dlp put in a file's stem, or the stem."""
    match = _YOUTUBE.fullmatch(stem)
    return match[1] if match else stem


def names_without_ending(name: str, parts: int = _PARTS) -> Iterator[str]:
    """The name without its last ending, its last two, and so on; no ending has a space."""
    for _ in range(parts):
        name, _dot, part = name.rpartition(".")
        if not name or " " in part:
            return
        yield name


def _info_id(info: Path) -> str | None:
    """What an info file calls its video; None where there is none that can be read."""
    if not is_there(info):
        return None
    try:
        name = read_map(info).get("id")
    except BadInput:
        return None
    return name if isinstance(name, str) and name else None
