"""Podcasting 2.0 transcripts in HTML: `<cite>Ann:</cite> <time>0:53</time> <p>Hello there.</p>`, over and over.

A paragraph is a line. It begins at the last time above it, is said by the last one cited, and ends where the next time
is. The last time's paragraphs have no end: it is reckoned from their words, at the pace of all those before.
Source: docs/examples/transcripts/transcripts.md in Podcastindex-org/podcast-namespace.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.formats.cues import seconds, unescape_text
from errata.formats.talk import Speech

_PART = re.compile(r"<(/?)(cite|time|p)(?:[\s/][^<>]*)?>", re.IGNORECASE)
_OTHER_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)


def fits(content: Any) -> bool:
    return isinstance(content, str) and "<p" in content and ("<time" in content or "<cite" in content)


def speech(text: str) -> Speech:
    """Raises BadInput when a paragraph has no time, or one that can't be read."""
    paragraphs = _paragraphs(text)
    if not paragraphs:
        raise BadInput("no <p> with words is in it; export it again")
    starts = [_start(item.time, at) for at, item in enumerate(paragraphs, start=1)]
    times = sorted(set(starts))
    following = dict(zip(times, [*times[1:], _last_end(paragraphs, starts)], strict=True))
    lines: Speech = []
    for item, start in zip(paragraphs, starts, strict=True):
        lines.append({"start": start, "end": following[start], "text": item.text, "speaker": item.speaker or None})
    return lines


class _Paragraph(NamedTuple):
    speaker: str
    time: str
    text: str


def _start(stamp: str, number: int) -> float:
    if not stamp:
        raise BadInput(
            f"paragraph {number} has no <time> above it; add it, or save the words as .txt, which needs no times"
        )
    return seconds(stamp, f"the <time> of paragraph {number}")


def _last_end(paragraphs: list[_Paragraph], starts: list[float]) -> float:
    last = max(starts)
    words = [len(item.text.split()) for item in paragraphs]
    before = sum(count for count, start in zip(words, starts, strict=True) if start < last)
    pace = (last - min(starts)) / before if before else 0.0
    return round(last + pace * (sum(words) - before), 3)


def _paragraphs(text: str) -> list[_Paragraph]:
    """What stands in cite, time and p; the rest is the page's."""
    # Python's own HTML parser takes minutes for 100 KB of tags that don't end.
    paragraphs = []
    parts = {"cite": "", "time": "", "p": ""}
    _, *pieces = _PART.split(text)
    for closing, tag, after in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        if not closing:
            parts[tag.lower()] = " ".join(unescape_text(_OTHER_TAG.sub("", after)).split())
        if not closing and tag in "pP" and parts["p"]:
            paragraphs.append(_Paragraph(parts["cite"].rstrip(": "), parts["time"], parts["p"]))
    return paragraphs
