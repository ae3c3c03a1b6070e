"""Lines: a transcript's segments as chapters are placed on them, shown, taught and scored.

A chapter begins with a line. Where a tool wrote a whole talk, or a monologue, as one segment, chapters would all fall
on its beginning, and a model would be shown no more of it than fits a line. So a long segment is read as several lines.
This is a view of the stored text, which stays as it is: hash and leak groups go by segments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from errata.domain.sentences import count_words, sentence_spans

if TYPE_CHECKING:
    from errata.domain.transcript import Segment, Unit

FORM = 1
"""Of the rules here: it rises with every change that alters a line, since what a model answered is of its lines."""
LONGEST = 500
"""Columns of a segment that is a line as it is. Recognisers write 30 s at most, about 500 letters, and errata-tiny
reads no more of a line than an eighth of its 1,536 tokens, 190 of about three letters each. Turns that people typed are
longer: 2,416 of the 12,697 of a hundred real talks, of whose 1,249 chapters 29 fell on a line that had one, and none
since those are cut (`python -m benchmarks.lines`)."""
USUAL = 200
"""Columns of the lines that a longer segment is read as, about 12 s: half of those turns have fewer than 145. A
sentence of up to LONGEST stays whole."""

_SEEN = 2 * USUAL
"""Characters in which a place to cut is looked for: in all that follow, it would take the square of their number."""
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
"""What takes two columns, and about the time of two letters: Chinese, Japanese, Korean."""
_PAUSE = re.compile(r"[,;:–—](?=\s)|[，、；：،؛]")


def lines_of(segments: tuple[Segment, ...], duration: float, unit: Unit) -> tuple[Segment, ...]:
    """The lines of a transcript: `segments` itself where none is long.

    The parts of a long segment share its time in proportion to their letters, or, in text without times, to their
    words. They end before the next segment begins, so that lines stay in order.
    """
    if all(columns(segment.text) <= LONGEST for segment in segments):
        return segments
    begins = [segment.start for segment in segments[1:]] + [duration]
    return tuple(
        line for segment, following in zip(segments, begins, strict=True) for line in _lines(segment, following, unit)
    )


def _lines(segment: Segment, following: float, unit: Unit) -> list[Segment]:
    parts = cut(segment.text)
    if len(parts) == 1:
        return [segment]
    latest = min(segment.end, following)
    weights = [count_words(part) if unit == "words" else len(part) for part in parts]
    total, before = sum(weights), 0
    starts: list[float] = []
    for weight in weights:
        starts.append(min(latest, segment.start + (latest - segment.start) * before / total))
        before += weight
    ends = [*starts[1:], segment.end]
    return [
        replace(segment, start=start, end=end, text=part) for start, end, part in zip(starts, ends, parts, strict=True)
    ]


def segment_beginnings(segments: tuple[Segment, ...]) -> list[bool]:
    """For each of their lines, whether a segment begins with it."""
    return [place == 0 for segment in segments for place in range(len(cut(segment.text)))]


def columns(text: str) -> int:
    """How wide a text is: a character of Chinese, Japanese or Korean says as much as two letters."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def cut(text: str) -> list[str]:
    """The lines of a segment: its text where that is short, else whole sentences, as many as make a usual line.

    A sentence that is too long is cut at pauses, at blanks, or else between any two characters as readers see them.
    Only blanks are lost.
    """
    if columns(text) <= LONGEST:
        return [text]
    spans: list[tuple[int, int]] = []
    for begin, end in _short_spans(text):
        if spans and columns(text[spans[-1][0] : end]) <= USUAL:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return [text[begin:end] for begin, end in spans]


def _short_spans(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, and the parts of those that are too long for a line."""
    for begin, end in sentence_spans(text):
        if columns(text[begin:end]) > LONGEST:
            while columns(text[begin : min(end, begin + _SEEN)]) > USUAL:
                seen = text[begin : min(end, begin + _SEEN)]
                place = _place_to_cut(seen)
                yield begin, begin + len(seen[:place].rstrip())
                begin += place
                while begin < end and text[begin].isspace():
                    begin += 1
        yield begin, end


def _place_to_cut(text: str) -> int:
    """The last good place at which what comes before makes a usual line, or half of one."""
    fits = USUAL
    while columns(text[:fits]) > USUAL:
        fits -= max(1, (columns(text[:fits]) - USUAL) // 2)
    pauses = [pause.end() for pause in _PAUSE.finditer(text, fits // 2, fits)]
    if pauses:
        return pauses[-1]
    blank = text.rfind(" ", fits // 2, fits + 1)
    return blank if blank > 0 else _whole_characters(text, fits)


def _whole_characters(text: str, fits: int) -> int:
    """The end of the last character, with its marks and joiners, that ends by `fits`; of the first, if none does."""
    import regex  # what `re` lacks: \X, a character as readers see it (Unicode's UAX 29); few texts need it

    ends: list[int] = [character.end() for character in regex.finditer(r"\X", text[: 2 * fits])]
    return max((end for end in ends if end <= fits), default=ends[0])
