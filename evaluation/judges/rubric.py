"""Five marks for one list of chapters, each with words of the transcript that bear it out.

A mark counts only if code finds its quote in the transcript: a judge that makes up its evidence has not answered.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from errata.documents.judging import CriterionMeans, QuoteCount
from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.domain.twins import words
from evaluation.judges.judge_client import JudgeClient
from evaluation.judges.judged_item import JudgedItem
from evaluation.judges.render import fence, plain_chapters, transcript_lines, visible
from evaluation.judges.request import GUARD, Form, Request
from evaluation.statistics.paired import compare

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


class ItemMarks(NamedTuple):
    champion: Marks
    candidate: Marks


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
    data = {"transcript": transcript_lines(transcript), "chapters": plain_chapters(chapters, transcript.unit)}
    return Request(KIND, INSTRUCTIONS, fence(data), RubricForm, transcript.hash)


def marks(form: RubricForm, transcript: Transcript) -> Marks:
    by_criterion: dict[str, int | None] = {}
    for name in CRITERIA:
        mark: Mark = getattr(form, name)
        by_criterion[name] = mark.score if is_quote(mark.quote, transcript.text) else None
    return by_criterion


def is_quote(quote: str, text: str) -> bool:
    """Whether `quote`, of LEAST_WORDS at least, is a part of `text`; casing, white space and how Unicode or a
    typesetter writes the same don't count."""
    flat = _flat(quote).strip("\"'. ")
    return len(words(flat)) >= LEAST_WORDS and flat in _flat(text)


@lru_cache(maxsize=2)  # quote after quote is looked for in one transcript
def _flat(text: str) -> str:
    folded = unicodedata.normalize("NFKC", visible(text)).casefold()
    # casefold can undo NFKC
    return unicodedata.normalize("NFKC", folded).translate(_TYPED)


def mark_items(client: JudgeClient, items: Sequence[JudgedItem]) -> list[ItemMarks | None]:
    """None where an answer is missing."""
    requests = [request(item.transcript, answer) for item in items for answer in (item.champion, item.candidate)]
    forms = cast(list[RubricForm | None], client.ask(requests))
    return [
        None if old is None or new is None else ItemMarks(marks(old, item.transcript), marks(new, item.transcript))
        for item, old, new in zip(items, forms[::2], forms[1::2], strict=True)
    ]


def count_quotes(marked: Sequence[ItemMarks | None]) -> QuoteCount:
    """How many quotes were given, and how many of them stand in the transcript."""
    sides = [side for item in marked if item is not None for side in item]
    scores = [score for side in sides for score in side.values()]
    return QuoteCount(len(scores), sum(score is not None for score in scores))


def rubric_summary(
    items: Sequence[JudgedItem], marked: Sequence[Sequence[ItemMarks | None]], seed: int
) -> dict[str, CriterionMeans]:
    """Means per criterion, from 0 to 2, and of all five; `marked` has a row a judge.

    An item counts for a criterion if every judge gave both answers a mark with a quote that stands.
    """
    by_item = list(zip(*marked, strict=True))
    criteria = {**{name: (name,) for name in CRITERIA}, "score": CRITERIA}
    return {name: _means(items, by_item, parts, seed) for name, parts in criteria.items()}


def _means(
    items: Sequence[JudgedItem], by_item: Sequence[Sequence[ItemMarks | None]], parts: Sequence[str], seed: int
) -> CriterionMeans:
    old, new, clusters = [], [], []
    for item, marked in zip(items, by_item, strict=True):
        champion = _mean([None if judge is None else judge.champion for judge in marked], parts)
        candidate = _mean([None if judge is None else judge.candidate for judge in marked], parts)
        if champion is not None and candidate is not None:
            old.append(champion)
            new.append(candidate)
            clusters.append(item.cluster)
    means = compare(new, old, clusters, seed)
    missing = len(items) - means.n
    return CriterionMeans(means.n, missing, means.mean_old, means.mean_new, means.effect, means.low, means.high)


def _mean(marked: Sequence[Marks | None], parts: Sequence[str]) -> float | None:
    """Over judges and parts; None as soon as one is missing."""
    scores = [None if side is None else side[part] for side in marked for part in parts]
    present = [score for score in scores if score is not None]
    return sum(present) / len(present) if present and len(present) == len(scores) else None
