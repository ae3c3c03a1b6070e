"""Five marks for one list of chapters, each with words of the transcript that bear it out.

A mark counts only if code finds its quote in the transcript: a judge that makes up its evidence has not answered.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, cast

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.domain.twins import words
from evaluation.judges.item import Item
from evaluation.judges.render import fenced, lines, shown, visible
from evaluation.judges.request import GUARD, Form, Request
from evaluation.judges.seat import Seat
from evaluation.statistics import compare

KIND = "rubric@1"
LEAST_WORDS = 3
"""Of a quote: fewer stand in nearly every transcript."""
_TYPED = str.maketrans({**dict.fromkeys("‘’‚‛′", "'"), **dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‐‑‒–—−", "-")})
"""Typographic marks as a keyboard has them: models copy words, and type marks their own way."""

INSTRUCTIONS = f"""\
You mark a list of chapters that was made for a transcript, on five points:
coverage: every subject of the transcript has a part of its own or is named in one;
boundary_placement: each part begins where its subject begins;
title_faithfulness: each title says what is really spoken about in its part;
title_usefulness: the titles tell a viewer where to find what they look for;
granularity: neither too many parts nor too few for what is said.
A score is 2 if that holds throughout, 1 if it holds for the most part, 0 if it does not. For each point fill in \
`quote` first: three to twelve words in a row, copied letter by letter from one line of the transcript, without its \
time, that bear your score out. A score whose quote is not in the transcript is thrown away.
{GUARD}"""

Marks = Mapping[str, int | None]
"""0, 1 or 2 by criterion; None where the quote isn't in the transcript."""


class Mark(Form):
    quote: str
    score: Literal[0, 1, 2]


class RubricForm(Form):
    coverage: Mark
    boundary_placement: Mark
    title_faithfulness: Mark
    title_usefulness: Mark
    granularity: Mark


CRITERIA = tuple(RubricForm.model_fields)


def request(transcript: Transcript, chapters: Chapters) -> Request:
    data = {"transcript": lines(transcript), "chapters": shown(chapters, transcript.unit)}
    return Request(KIND, INSTRUCTIONS, fenced(data), RubricForm, transcript.hash)


def marks(form: RubricForm, transcript: Transcript) -> Marks:
    given: dict[str, Mark] = {name: getattr(form, name) for name in CRITERIA}
    return {name: mark.score if stands_in(mark.quote, transcript.text) else None for name, mark in given.items()}


def stands_in(quote: str, text: str) -> bool:
    """Whether `quote`, of LEAST_WORDS at least, is a part of `text`; casing, white space and how Unicode or a
    typesetter writes the same don't count."""
    sought = _flat(quote).strip("\"'. ")
    return len(words(sought)) >= LEAST_WORDS and sought in _flat(text)


@lru_cache(maxsize=2)  # quote after quote is looked for in one transcript
def _flat(text: str) -> str:
    folded = unicodedata.normalize("NFKC", visible(text)).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_TYPED)


def mark_items(seat: Seat, items: Sequence[Item]) -> list[tuple[Marks, Marks] | None]:
    """The champion's and the candidate's marks for each item; None where an answer is missing."""
    asked = [request(item.transcript, answer) for item in items for answer in (item.champion, item.candidate)]
    forms = cast(list[RubricForm | None], seat.ask(asked))
    return [
        None if old is None or new is None else (marks(old, item.transcript), marks(new, item.transcript))
        for item, old, new in zip(items, forms[::2], forms[1::2], strict=True)
    ]


def verified(marked: Sequence[tuple[Marks, Marks] | None]) -> dict[str, int]:
    """How many quotes were given, and how many of them stand in the transcript."""
    given = [score for pair in marked if pair is not None for side in pair for score in side.values()]
    return {"quotes": len(given), "verified": sum(score is not None for score in given)}


def summary(items: Sequence[Item], marked: Sequence[Sequence[tuple[Marks, Marks] | None]], seed: int) -> dict[str, Any]:
    """Means per criterion, from 0 to 2, and of all five; `marked` has a row a judge.

    An item counts for a criterion if every judge gave both answers a mark with a quote that stands.
    """
    columns = list(zip(*marked, strict=True))
    names = {**{name: (name,) for name in CRITERIA}, "score": CRITERIA}
    return {name: _criterion(items, columns, parts, seed) for name, parts in names.items()}


def _criterion(
    items: Sequence[Item], columns: Sequence[Sequence[tuple[Marks, Marks] | None]], parts: Sequence[str], seed: int
) -> dict[str, Any]:
    rows = [(item, _mean(given, 0, parts), _mean(given, 1, parts)) for item, given in zip(items, columns, strict=True)]
    whole = [(item, old, new) for item, old, new in rows if old is not None and new is not None]
    found = compare(
        [new for *_, new in whole], [old for _, old, _ in whole], [item.cluster for item, *_ in whole], seed
    )
    return {
        "n": found.n,
        "missing": len(rows) - found.n,
        "champion": found.mean_old,
        "candidate": found.mean_new,
        "difference": found.effect,
        "low": found.low,
        "high": found.high,
    }


def _mean(given: Sequence[tuple[Marks, Marks] | None], side: int, parts: Sequence[str]) -> float | None:
    """Over judges and parts; None as soon as one is missing."""
    scores = [None if pair is None else pair[side][part] for pair in given for part in parts]
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known and len(known) == len(scores) else None
