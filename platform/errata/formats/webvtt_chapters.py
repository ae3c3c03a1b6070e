"""WebVTT as a list of chapters, which `<track kind="chapters">` has and `errata chapters --format vtt` writes.

    00:02:48.000 --> 00:07:00.000
    Bags

Captions look the same but for their pace: a cue of theirs lasts a few seconds and is full of words. Each chapter ends
where the next begins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, pairwise

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.chapter_pace import SHORTEST, SLOWEST
from errata.formats.cues import STAMP, Cue, seconds, unescape_text, without_tags
from errata.formats.json_files import json_object
from errata.formats.webvtt_cues import is_webvtt, shown_cues

_FEWEST = 3
_TIMES = re.compile(rf"^[ \t]*({STAMP})[ \t]+-->[ \t]+({STAMP})", re.ASCII | re.MULTILINE)


def fits(text: str, named_so: bool = False) -> bool:
    """`named_so`: whether the file's name says that it holds chapters."""
    if not is_webvtt(text):
        return False
    return named_so or (_begins_slowly(text) and _is_slow(text))


def _begins_slowly(text: str) -> bool:
    """Whether the first cues are as long as chapters; long captions needn't be read to see that they are none."""
    first = [match.groups() for match in islice(_TIMES.finditer(text), _FEWEST)]
    lengths = [seconds(end, "an end") - seconds(start, "a start") for start, end in first]
    return len(first) == _FEWEST and all(length >= SHORTEST for length in lengths[:-1])


def _is_slow(text: str) -> bool:
    try:
        cues = shown_cues(text)
    except BadInput:
        return False
    if any(cue.end != following.start for cue, following in pairwise(cues)):
        return False
    lengths = [cue.end - cue.start for cue in cues]
    words = [len(_title(cue.lines).split()) for cue in cues]
    slow = sum(count < SLOWEST * length for count, length in zip(words, lengths, strict=True))
    return 2 * slow > len(cues) and all(length >= SHORTEST for length in lengths[:-1])


def starts(text: str) -> JsonObject:
    """start → title. Raises BadInput."""
    return json_object(_chapter(cue) for cue in shown_cues(text))


def _chapter(cue: Cue) -> tuple[str, str]:
    title = _title(cue.lines)
    if not title:
        raise BadInput("the chapter at {:g} has no title; add one", cue.start)
    return str(cue.start), title


def _title(lines: Sequence[str]) -> str:
    return " ".join(unescape_text(without_tags(line)).strip() for line in lines).strip()
