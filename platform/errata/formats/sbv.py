"""YouTube's SBV captions: SubRip but for the line with times, `0:00:00.599,0:00:04.160`. One file is one transcript."""

from __future__ import annotations

import re
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.formats import srt
from errata.formats.talk import Speech

_TIME = r"\d{1,3}:[0-5]\d:[0-5]\d\.\d{3}"
_TIMES = re.compile(rf"^[ \t]*({_TIME}),({_TIME})[ \t]*(?=\r?$)", re.ASCII | re.MULTILINE)
_ALMOST = re.compile(rf"^\s*{_TIME},|,{_TIME}\s*$", re.ASCII)
_BREAK = re.compile(r"\[br\]", re.IGNORECASE)


def fits(content: Any) -> bool:
    return isinstance(content, str) and _TIMES.match(content.lstrip()) is not None


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _ALMOST.search(line) and not _TIMES.match(line):
            raise BadInput("line {} must be times such as 0:00:01.500,0:00:04.000, not {}", number, short(line))
    return srt.speech(_TIMES.sub(r"\1 --> \2", _BREAK.sub(" ", text)))
