"""What a judge sees: one form for every answer, and everything that people or models wrote fenced off as data.

Judges of 2026 are swayed by style far more than by position (arXiv 2604.23178), so that nothing of it is left: no
markdown, one case, one way to write a time. Which model answered is not among what is shown.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from errata.domain.chapter import Chapters, tidy
from errata.domain.clock import clock
from errata.domain.hashing import content_hash
from errata.domain.transcript import Transcript, Unit

LONGEST_TITLE = 120
"""Characters of a title that are shown. No chapter needs more; a speech to the judge does."""

_JOINERS = "\u200c\u200d"
"""Of letters, in Persian and Indic scripts: the only invisible characters that mean something in a text."""
_INVISIBLE = ("Cc", "Cf", "Cn", "Co", "Cs")
_PICTURES = ("So", "Sk")
"""Unicode's categories of emoji and of what colours them."""
_STRAY = re.compile(r"(?<!\w)[\u200c\u200d]|[\u200c\u200d](?!\w)|[\ufe0e\ufe0f]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_LEAD = re.compile(r"^(?:[\s>#•·▪–—*+-]|\(?\d{1,3}[.):](?=\s)|(?:chapter|part|section)\s+\d{1,3}\s*[:.)–—-])+", re.I)
_MARKS = re.compile(r"[*_`~|]+")


def visible(text: str) -> str:
    """One line, without the characters that a person would not see."""
    if text.isascii() and text.isprintable():
        return tidy(text)
    spaced = "".join(c if c in _JOINERS or unicodedata.category(c) not in _INVISIBLE else _gap(c) for c in text)
    return tidy(unicodedata.normalize("NFC", spaced))


def _gap(character: str) -> str:
    return " " if character.isspace() else ""


@lru_cache(maxsize=1 << 12)  # every judge is shown a title in both orders, and in several forms
def plain(title: str) -> str:
    """A title without markdown, numbering, tags, emoji and casing, at most LONGEST_TITLE characters."""
    text = _LINK.sub(r"\1", _TAG.sub("", visible(title)))
    text = "".join(" " if unicodedata.category(c) in _PICTURES else c for c in text)
    text = _LEAD.sub("", _MARKS.sub(" ", _STRAY.sub("", text)))
    return tidy(text.lower()).strip(" .:;,!-–—\"'“”‘’")[:LONGEST_TITLE].rstrip()


def place(start: float, unit: Unit) -> str:
    """`HH:MM:SS`, or `word 120` in a transcript without times."""
    return clock(start) if unit == "seconds" else f"word {int(start)}"


def plain_chapters(chapters: Chapters, unit: Unit) -> list[str]:
    """A line a chapter, in order of start."""
    ordered = sorted(chapters, key=lambda chapter: chapter.start)
    return [f"{place(chapter.start, unit)} {plain(chapter.title)}".rstrip() for chapter in ordered]


def written_chapters(chapters: Chapters, unit: Unit) -> list[str]:
    """The same with titles as they are: only to measure what stripping them is worth."""
    return [f"{place(chapter.start, unit)} {chapter.title}" for chapter in chapters]


def transcript_lines(transcript: Transcript) -> list[str]:
    return [f"[{place(part.start, transcript.unit)}] {visible(part.text)}" for part in transcript.lines]


def fence(data: Mapping[str, str | Sequence[str]]) -> str:
    """`data` as JSON between two lines that nothing in it can hold.

    The fence's name is a hash of the data: whoever wrote a part of it could not know the name beforehand, and the same
    question still is the same text, so that its answer can be kept.
    """
    line = f"DATA {content_hash(data)[:16]}"
    return f"{line}\n{json.dumps(data, ensure_ascii=False, indent=0)}\n{line}"
