"""Text with times, as people copy it from a page or a program prints it: one file is one transcript.

    [00:00.000 --> 00:06.140]  This is the kiln.       what Whisper prints, and Purfview's .txt
    [0.00s -> 4.20s] This is the kiln.                  what faster-whisper's example prints
    0:05                                                what YouTube shows as a transcript: a time on its own line,
    it takes nine hours to cool                         with the words below it
    (0:05) It takes nine hours.                         a time before the words, bare or in any brackets
    0.000000<tab>4.200000<tab>This is the kiln.         Audacity's labels
    Ann Lee  0:09                                       a speaker and a time, as Otter, Zoom and Teams copy it,
    Good morning.                                       with the words below
    Ann Lee (0:09): Good morning.                       or behind them, or the time on a line of its own below the name

A line without a time goes on with what is above it; lines that begin with # may stand above the first. A line that has
no end of its own ends where the next one starts (`ends`). Speakers may stand before the words too (`speakers`).

A list of chapters looks the same but for its pace: few words and much time. It is refused as what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from reprlib import repr as short
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.chapter_pace import SHORTEST, SLOWEST
from errata.formats.cues import seconds_of_minutes, unescape_text
from errata.formats.ends import with_ends
from errata.formats.speakers import NAME_WORD, carry_speakers, split_speakers
from errata.formats.talk import Speech
from errata.formats.timed_lines import plain_line, timed_lines

_TIME = r"\d{1,4}:[0-5]\d(?::[0-5]\d)?(?:[.,]\d{1,3})?(?![\d:])"
_ARROW = r"\s*(?:-{1,2}>|→|[-–—,]|to)\s*"
_OPEN, _CLOSE = r"\s*[\[(<{*_【〔]{0,4}\s*", r"\s*[\])>}*_】〕]{0,4}"
_PARTED = r"(?:\s*[-–—:|]\s+|\s+|(?<=[\])>}】〕])|(?=[^\x00-\u02ff])|$)"
"""Between the time and the words: nothing in scripts that write no blanks."""
_FIRST = re.compile(rf"{_OPEN}(?P<start>{_TIME})(?:{_ARROW}(?P<end>{_TIME}))?{_CLOSE}{_PARTED}(?P<words>.*)", re.ASCII)
_SECONDS = re.compile(
    r"\[\s*(?P<start>\d{1,5}\.\d{1,3})s?\s*(?:-{1,2}>|-|–)\s*(?P<end>\d{1,5}\.\d{1,3})s?\s*\]\s*(?P<words>.*)", re.ASCII
)
_LABEL = re.compile(r"(?P<start>\d{1,5}\.\d{1,6})\t(?P<end>\d{1,5}\.\d{1,6})\t(?P<words>.*)", re.ASCII)
"""Audacity's."""
_SPEAKER = rf"(?P<speaker>{NAME_WORD}(?: (?:{NAME_WORD}|\d{{1,3}}|[a-z]{{2,3}})){{0,4}}(?: \([^()]{{1,40}}\))?)"
_BEHIND = re.compile(
    rf"{_OPEN}{_SPEAKER}{_CLOSE}:?"
    rf"(?:\s*[\[(](?P<start>{_TIME})[\])]:?\s*(?P<words>.*)|[ \t,|·•-]+(?P<alone>{_TIME})\s*)"
)
_NAME = re.compile(rf"(?:{_SPEAKER})")
_SPOKEN_TIME = re.compile(r"(?:\d+ hours?,? ?)?(?:\d+ minutes?,? ?)?(?:\d+ seconds?)?")
"""What YouTube says beside each time for those who can't see it."""
_ALMOST = re.compile(r"-->|^(?:[\[(<]\d{1,4}:\d\d|\d{1,4}:\d\d:\d)", re.ASCII)
"""What stands in no words: a time that was meant for one."""
_LEAST_SHARE = 0.2
"""Of the lines, in a text that begins without a time: fewer times than this are talked about, not kept."""
_FEWEST = 3
"""Lines."""


class _Stamped(NamedTuple):
    start: str
    end: str | None
    speaker: str | None
    words: str


class _Line(NamedTuple):
    number: int
    """From 1, blank lines counted."""
    text: str
    stamped: _Stamped | None


def fits(content: Any) -> bool:
    """Whether a text keeps times: it begins with one and has another, or at least every fifth line has one."""
    if not isinstance(content, str):
        return False
    lines = _grouped(content)
    stamped = sum(line.stamped is not None for line in lines)
    if stamped < 2:
        return bool(stamped) and lines[0].stamped is not None and lines[0].stamped.end is not None
    return lines[0].stamped is not None or (stamped > 2 and stamped >= _LEAST_SHARE * len(lines))


def has_odd_times(content: Any) -> bool:
    """Whether a text that fits nothing keeps times all the same, as most of its lines begin or end with one."""
    if not isinstance(content, str):
        return False
    lines = sum(bool(line.strip()) for line in content.splitlines())
    timed = sum(line.shape in ("time first", "time last") and not line.says_when for line in timed_lines(content))
    return timed >= _FEWEST and 2 * timed >= lines


def is_stamped(line: str) -> bool:
    """Whether a line keeps the time of what is said in it."""
    return _stamped(line.strip()) is not None


def stamped_line(line: str) -> JsonObject | None:
    """Start, end (None where it has none), text and speaker of a line that begins with its time; None of any other.
    Raises BadInput for a time that there is none of."""
    stamped = _stamped(line.strip())
    return None if stamped is None or not stamped.words else _begin(stamped, 1)


def is_speech(text: str) -> bool:
    """Whether all of a text can be read as what was said, most lines of it shorter than a chapter."""
    try:
        lines = speech(text) if fits(text) else []
    except BadInput:
        return False
    starts = [float(line["start"]) for line in lines]
    quick = sum(0 < after - before < SHORTEST for before, after in pairwise(starts))
    return 0 < len(lines) <= 2 * quick


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that has no time, and where the text is a list of chapters."""
    lines: Speech = []
    for line in _grouped(text):
        if _ALMOST.search(line.text if line.stamped is None else line.stamped.words):
            raise BadInput("line {} ({}) has a time that can't be read; mend it", line.number, short(line.text))
        if line.stamped is not None:
            lines.append(_begin(line.stamped, line.number))
        elif not lines:
            raise BadInput(
                "it has times, but line {} ({}) stands above the first; take it out or give it a time",
                line.number,
                short(line.text),
            )
        elif lines[-1]["text"] or not _SPOKEN_TIME.fullmatch(line.text):
            lines[-1]["text"] = f"{lines[-1]['text']} {unescape_text(line.text)}".strip()
    _check_pace(lines)
    with_ends(lines)
    return carry_speakers(lines) if any(line["speaker"] for line in lines) else split_speakers(lines)


def _lines(text: str) -> Iterator[_Line]:
    """The lines with words, but for comments above the first time."""
    begun = False
    for number, line in enumerate(text.splitlines(), start=1):
        stamped = _stamped(line.strip())
        begun = begun or stamped is not None
        if line.strip() and (begun or not line.startswith("#")):
            yield _Line(number, line.strip(), stamped)


def _grouped(text: str) -> list[_Line]:
    return _below_names(_below_times(list(_lines(text))))


def _below_times(lines: list[_Line]) -> list[_Line]:
    """The lines; where times stand alone as a rule, what follows one is words, if it begins with a time or not."""
    alone = [line.stamped is not None and not (line.stamped.words or line.stamped.speaker) for line in lines]
    if 2 * sum(alone) <= sum(line.stamped is not None for line in lines):
        return lines
    below = [False, *alone[:-1]]
    return [
        line._replace(stamped=None) if after and not itself else line
        for line, after, itself in zip(lines, below, alone, strict=True)
    ]


def _below_names(lines: list[_Line]) -> list[_Line]:
    """The lines; where each time stands alone below a name, the two are one."""
    times = [at for at, line in enumerate(lines) if line.stamped is not None]
    above = [lines[at - 1] for at in times if at]
    if times[:1] != [1] or len(times) < 2 or len(above) < len(times):
        return lines
    if not all(line.stamped is None and _NAME.fullmatch(line.text) for line in above):
        return lines
    with_speakers = [
        _Line(line.number, line.text, line.stamped._replace(speaker=lines[at - 1].text)) if line.stamped else line
        for at, line in enumerate(lines)
    ]
    return [line for line in with_speakers if line not in above]


def _stamped(line: str) -> _Stamped | None:
    if first := _FIRST.fullmatch(plain_line(line)):
        return _Stamped(first["start"], first["end"], None, line[first.start("words") :])
    if counted := _SECONDS.fullmatch(line) or _LABEL.fullmatch(line):
        return _Stamped(counted["start"], counted["end"], None, counted["words"])
    if behind := _BEHIND.fullmatch(line):
        return _Stamped(behind["start"] or behind["alone"], None, behind["speaker"], behind["words"] or "")
    return None


def _begin(stamped: _Stamped, number: int) -> JsonObject:
    what = f"line {number}'s time"
    return {
        "start": _moment(stamped.start, what),
        "end": None if stamped.end is None else _moment(stamped.end, what),
        "text": unescape_text(stamped.words),
        "speaker": stamped.speaker,
    }


def _moment(stamp: str, what: str) -> float:
    return seconds_of_minutes(stamp, what) if ":" in stamp else float(stamp)


def _check_pace(lines: Speech) -> None:
    """Raises BadInput where most lines, the last aside, are too few words for the time that they take."""
    slow = 0
    for line, following in pairwise(lines):
        end = following["start"] if line["end"] is None else line["end"]
        # six letters a word, for the languages that write no blanks
        words = max(len(line["text"].split()), len(line["text"]) / 6)
        slow += words < SLOWEST * (end - line["start"])
    if 2 * slow > len(lines) - 1:
        raise BadInput(
            "it looks like a list of chapters, {} of them, and not like what was said; `errata import corrections` "
            "reads such a list, and `errata import transcripts --format text` takes it for words",
            len(lines),
        )
