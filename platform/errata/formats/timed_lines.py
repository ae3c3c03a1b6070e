"""Lines of a text that somebody typed and that hold a time: what of a line is the time, and what the title.

    0:00 Welcome        time first: after bullets, emoji, brackets or the line's own number ("#4 5:00", "1. 0:00 –")
    Welcome - 0:00      time last, in brackets or not
    0:00–1:30 Welcome   a range counts from its beginning
    live at 10:30 on…   a time somewhere else, or one of day ("7:00 PM"): a mention

A time is M:SS or H:MM:SS (`0:5:00` too), perhaps with decimals. Digits and colons of any script count, and characters
that nobody sees (zero-width spaces, marks for writing direction) count as spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

Shape = Literal["time first", "time last", "mention", "oddity"]
"""An oddity begins or ends with numbers that may be a time that is written otherwise ("1.30", "1;30")."""

_CLOCK = r"(?<![\d:])\d{1,3}(?::\d{1,2})*:\d{2}(?:[.,]\d{1,3})?(?!:?\d)"
"""What looks like a time, whether or not there is such a one. Not 16:9, and nothing of a longer number."""
_DAY = r"(?!\s?(?:[ap]\.?m\b|[AP]\.?M\b|[Uu]hr\b|o['’]clock\b|(?:UTC|GMT|CES?T|E[SD]T|P[SD]T|[PE]T|BST|JST)\b))"
"""Not a time of day, which is followed by one of these."""
_DASHES = r"-–—−―~〜～→"
_OPENING = r"[\[({<【〔〈《「『]"
_RANGE = rf"(?:[\])}}]*\s*(?:[{_DASHES}]|\bto\b)\s*[\[({{]*(?P<end>{_CLOCK}))?"
_NUMBER = r"(?:\d{1,3}[.):\]\s\-–—|]+)?"
_CLOSING = r"[\])}>*`_~】〕〉》」』]"
_LINK = r"(?:\(https?://[^\s)]*\))?"
"""Where the time leads, in Markdown."""
_SIGNS = rf"{_DASHES}:|=>➔➜➡►▶»•·・/"
_SEPARATOR = rf"\s*(?:[{_SIGNS}]{{1,3}}(?=\s|$)|[-–—:|→➔➜➡►▶»])?\s*"

_FIRST = re.compile(
    rf"[\W_]*?{_NUMBER}{_OPENING}*(?P<time>{_CLOCK}){_RANGE}{_DAY}"
    rf"(?:{_CLOSING}+{_LINK}[.,;:]?|[.,;]?+(?![A-Za-z0-9_])){_SEPARATOR}(?P<title>.*)",
    re.DOTALL,
)
_LAST = re.compile(
    rf"[-–—•*·▪●►▶»>|\s]*(?P<title>.*?)(?P<gap>\s*(?:\.{{2,}}|\s…|[{_SIGNS},]{{1,3}})?\s*[\[({{*`_~]*)"
    rf"(?<![A-Za-z0-9])(?P<time>{_CLOCK}){_RANGE}(?:{_CLOSING}+{_LINK})?[.,;]?[\s|]*",
    re.DOTALL,
)
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Not splitlines: U+2028 may stand in a title."""
_ANY = re.compile(_CLOCK)
_PAIR = r"\d{1,3}(?:(?:[.;,'’′·hm_|–-]|:-?)\d{1,2}(?:m\d{1,2})?s?|(?:\s:\s?|:\s|::+)\d{1,2}|:\d{3})"
"""Numbers that are parted as those of a time may be, or nearly so ("3: 00", "3::00", "3:000")."""
_AMOUNT = r"(?:\d{1,3}(?:hr?|min|m|sec|s))+"
_ADDRESS = r"(?:https?://)?(?:www\.)?youtu\S*[?&]t=\d"
"""Of a moment of a video."""
_ODD = re.compile(
    rf"[\W_]*?{_NUMBER}(?:(?:{_PAIR}|{_AMOUNT})(?![\w:])|{_ADDRESS}).*|.*?(?<![\w:.,/-]){_PAIR}[\W_]*", re.DOTALL
)
_WHEN = re.compile(
    r"(?:\b(?:at|by|from|until|till|around|since|before|after|um|ab|bis|gegen|seit|à|às|alle|las|kl)|@)\W*$",
    re.IGNORECASE,
)
"""How a title ends that says when something happens."""


class TimedLine(NamedTuple):
    number: int
    """The line's place in the text, from 0."""
    text: str
    shape: Shape
    start: float | None
    """Seconds; None where what looks like a time is none ("1:02:75")."""
    title: str
    end: float | None = None
    """Of a range."""
    besides: tuple[float, ...] = ()
    """Other times in the line."""
    apart: bool = True
    """Whether more than a space parts the title from the time that follows it."""

    @property
    def says_when(self) -> bool:
        """Whether the words before its time are those before a time of day ("every day at 10:30")."""
        return bool(_WHEN.search(self.title)) and not self.apart


def timed_lines(text: str) -> Iterator[TimedLine]:
    """The lines that hold a time, or what may be one."""
    for number, line in enumerate(_LINE_END.split(text)):
        timed_line = read_line(line, number)
        if timed_line is not None:
            yield timed_line


def read_line(line: str, number: int = 0) -> TimedLine | None:
    """None for a line in which nothing looks like a time."""
    plain = plain_line(line)
    tokens = list(_ANY.finditer(plain))
    if not tokens:
        return TimedLine(number, line, "oddity", None, "") if _ODD.fullmatch(plain) else None
    first = _FIRST.fullmatch(plain)
    if first is not None:
        return _of_match(line, number, "time first", first, tokens)
    last = _LAST.fullmatch(plain)
    if last is not None and last["title"]:
        read = _of_match(line, number, "time last", last, tokens)
        return read._replace(apart=last["gap"] not in ("", " "))
    before = line[: tokens[0].start()]
    return TimedLine(number, line, "mention", seconds(tokens[0].group()), _bare(before))


def _of_match(line: str, number: int, shape: Shape, match: re.Match[str], tokens: list[re.Match[str]]) -> TimedLine:
    """The title as it stands in the line, of which what was matched is a copy, letter for letter."""
    used = (match.start("time"), match.start("end"))
    besides = [seconds(token.group()) for token in tokens if token.start() not in used]
    others = tuple(time for time in besides if time is not None)
    end = seconds(match["end"]) if match["end"] else None
    title = _bare(line[match.start("title") : match.end("title")])
    if line.lstrip().startswith("|"):  # a table's row
        title = _bare(title.strip("|"))
    return TimedLine(number, line, shape, seconds(match["time"]), title, end, others)


def seconds(token: str) -> float | None:
    """None where there is no such time."""
    whole, _, decimals = token.replace(",", ".").partition(".")
    *large, last = [int(part) for part in whole.split(":")]
    if last > 59 or len(large) > 2 or (len(large) == 2 and large[1] > 59):
        return None
    minutes = large[0] if len(large) == 1 else 60 * large[0] + large[1]
    return 60 * minutes + last + float(f"0.{decimals or 0}")


def plain_line(line: str) -> str:
    """The line with ASCII's digits, colons and brackets, character for character."""
    return line if line.isascii() else "".join(map(_plain_character, line))


def _plain_character(character: str) -> str:
    if character in "∶ː꞉︰":
        return ":"
    if unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return " "
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if len(compatible) == 1 else character


def _bare(title: str) -> str:
    """Without spaces around it, those that nobody sees included."""
    first, last = 0, len(title)
    while first < last and _is_blank(title[first]):
        first += 1
    while last > first and _is_blank(title[last - 1]):
        last -= 1
    return title[first:last]


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"
