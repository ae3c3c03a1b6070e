"""Cues: what is shown from one time to another. WebVTT and SubRip differ in little else than what stands around them.

A cue is a line with times, `00:01:02.500 --> 00:01:04`, and the lines below it; its number or name may stand above it.
Hours may be missing; the fraction has a point or a comma, and up to three digits, or a
colon and three. The arrow may be `->` or `→`. Marks that nobody sees, as for writing direction, may stand around times
and numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from reprlib import repr as short
from typing import NamedTuple

from errata.errors import BadInput

_CLOCK = r"(?:\d{1,4}:)?[0-5]?\d:[0-5]?\d"
STAMP = rf"{_CLOCK}(?:[.,]\d{{1,3}}|:\d{{3}})?"
_PARTS = re.compile(rf"({_CLOCK})(?:[.,](\d{{1,3}})|:(\d{{3}}))?", re.ASCII)
_HEADS = (">", "→", "&gt;")
_ARROW = r"(?:-{1,3}(?:>|&gt;)|[–—]>|→)"
_TIMES = re.compile(rf"\s*({STAMP})\s*{_ARROW}\s*({STAMP})(?:\s.*)?", re.ASCII)
_FIRST_CUE = re.compile(rf"(?:\d+\s*\n)?\s*{STAMP}\s*{_ARROW}(?!\s*{STAMP}[ \t]+(?!\w+:)\S)", re.ASCII)
_LINE_END = re.compile(r"\r\n|\r|\n")  # not splitlines: U+2028 may stand in a cue
_HARD_BLANK = re.compile(r"\\[hN]")
_TORN = re.compile(r"(?:\d{1,4}:){1,2}[\d:.,]*\s*-{0,2}", re.ASCII)
_TAG = re.compile(r"</?(?:b|c|font|i|lang|rt|ruby|s|u)(?:[.\s][^<>]*)?>|</v>|<[\d:.]+>", re.IGNORECASE)


class Cue(NamedTuple):
    start: float
    """Seconds."""
    end: float
    lines: tuple[str, ...]


def is_first(text: str) -> bool:
    """Whether a text begins with a cue, numbered or not."""
    lines = _LINE_END.split(text.lstrip(), maxsplit=2)[:2]
    return _FIRST_CUE.match("\n".join(map(_visible, lines))) is not None


def _visible(line: str) -> str:
    """The line without marks that nobody sees, and without blanks around it."""
    if line.isascii():
        return line.strip()
    return "".join(character for character in line if unicodedata.category(character) != "Cf").strip()


def _is_times(line: str) -> bool:
    return "-->" in line or (any(end in line for end in _HEADS) and _TIMES.fullmatch(_visible(line)) is not None)


def seconds(stamp: str, what: str) -> float:
    """Of a clock such as 1:02:03.5, 02:03,500 or 0:53. Raises BadInput."""
    match = _PARTS.fullmatch(stamp.strip())
    if match is None:
        raise BadInput("{} must be a time such as 01:02:03.500, not {}", what, short(stamp))
    total = 0
    for part in match[1].split(":"):
        total = total * 60 + int(part)
    return (total * 1000 + int((match[2] or match[3] or "0").ljust(3, "0"))) / 1000


def seconds_of_minutes(stamp: str, what: str) -> float:
    """Of a clock without hours too, whose minutes run on past 59: 75:30. Raises BadInput."""
    minutes, _, rest = stamp.strip().partition(":")
    if ":" in rest or not (minutes.isascii() and minutes.isdigit() and len(minutes) < 5):
        return seconds(stamp, what)
    return int(minutes) * 60 + seconds(f"0:{rest}", what)


def without_tags(line: str) -> str:
    """The line without what sets its style or its words' times; voices stay."""
    return _TAG.sub("", line)


def unescape_text(text: str) -> str:
    """The text with its `&amp;` and `&#39;` as the characters they stand for. ASS's hard blanks and line ends, which
    ffmpeg leaves (`\\h`, `\\N`), are blanks. Raises BadInput.
    """
    try:
        return unescape(_HARD_BLANK.sub(" ", text))
    except ValueError as problem:
        raise BadInput("a character is written as a number that is far too long (&#…;); mend it") from problem


def cues(text: str, name: re.Pattern[str], aside: re.Pattern[str]) -> Iterator[Cue]:
    """The cues in order. `name` fits the line that may stand above a cue, `aside` the first of a block without times.

    A block without times that is no aside belongs to the cue above it: a blank line may stand within a cue.
    Raises BadInput, with the line's number, for times that are none and for words above the first cue, or where the
    last cue is cut off.
    """
    lines = _LINE_END.split(text)
    places = [at for at, line in enumerate(lines) if _is_times(line)]
    if not places:
        raise BadInput("no cue is in it (a line such as 00:01:02.500 --> 00:01:04.000); export it again")
    begins = [_begin(lines, at, name) for at in places] + [len(lines)]
    _check_head(lines[: begins[0]], aside)
    _check_tail(lines, places[-1])
    for at, limit in zip(places, begins[1:], strict=True):
        yield _cue(lines[at], at + 1, _words(lines[at + 1 : limit], aside))


def _begin(lines: list[str], at: int, name: re.Pattern[str]) -> int:
    """Where the cue with times at `at` begins: a line higher when its name stands there, or its number."""
    # A number is one wherever it stands, since some programs forget the blank line; a name only below a blank line.
    above = _visible(lines[at - 1]) if at else ""
    apart = at == 1 or (at > 1 and not lines[at - 2].strip())
    return at - 1 if above and (above.isdigit() or (apart and name.fullmatch(above))) else at


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """What stands between blank lines, with the place of its first line."""
    begin = 0
    for at, line in enumerate([*lines, ""]):
        if not line.strip():
            if at > begin:
                yield begin, lines[begin:at]
            begin = at + 1


def _words(lines: list[str], aside: re.Pattern[str]) -> list[str]:
    """The lines below a cue's times that are its own."""
    words: list[str] = []
    for begin, block in _blocks(lines):
        if not begin or aside.match(block[0]) is None:
            words += block
    return words


def _check_head(lines: list[str], aside: re.Pattern[str]) -> None:
    for begin, block in _blocks(lines):
        if aside.match(block[0]) is None:
            raise _homeless(begin, block[0])


def _check_tail(lines: list[str], last: int) -> None:
    """Raises BadInput where the file ends with the next cue's number, or within its times."""
    begin, block = [*_blocks(lines)][-1]
    times = _TIMES.fullmatch(_visible(lines[last]))
    if times and block[-1] == lines[last] and seconds(times[2], "its end") < seconds(times[1], "its start"):
        raise _homeless(last, lines[last])
    number = _visible(lines[last - 1]) if last else ""
    following = str(int(number) + 1) if number.isascii() and number.isdigit() and len(number) < 9 else None
    if begin > last and (_visible(block[0]) == following or _TORN.fullmatch(block[-1].strip())):
        raise _homeless(begin, block[0])


def _homeless(at: int, line: str) -> BadInput:
    return BadInput(
        "line {} ({}) belongs to no cue; give it times, or take out the blank line above it, or export the file again "
        "if it is cut off",
        at + 1,
        short(line),
    )


def _cue(times: str, number: int, lines: list[str]) -> Cue:
    match = _TIMES.fullmatch(_visible(times))
    if match is None:
        raise BadInput(f"line {number} must be times such as 00:01:02.500 --> 00:01:04.000, not {short(times)}")
    start, end = (seconds(stamp, f"line {number}") for stamp in match.groups())
    return Cue(start, end, tuple(line for line in lines if line.strip()))
