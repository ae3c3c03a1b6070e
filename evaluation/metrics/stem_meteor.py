"""A substitute for METEOR where the published tool isn't at hand: the same formula over fewer kinds of match.

METEOR 1.5's English parameters (Denkowski & Lavie 2014) over words that are the same or share a stem. What is missing
are its tables of synonyms and paraphrases, its Snowball stemmer (here: common endings cut off), its list of function
words (here: a short one) and its search for the best alignment (here: longest common runs first). Titles that share
words score alike, titles that say the same in other words score too low: never publish this number as METEOR.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from evaluation.metrics.captions import Pair, Tokens

ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
STEM = 0.6
"""What a match by the stem is worth."""

_OFTEN = """
    a about after all also an and are as at be been but by can could do does for from had has have he her his how i
    if in into is it its me more my no not of on one or our out she so than that the their them then there they this to
    up us was we were what when which who will with would you your 's $ %
"""
_FUNCTION_WORDS = frozenset(_OFTEN.split())
_ENDING = re.compile(r"(?<=\w{3})(?:ingly|edly|ings?|ed|ers?|ly|ies|es|s|y|e)$")
_DOUBLED = re.compile(r"(.)\1$")


class Counts(NamedTuple):
    """Of one pair or of many; words weigh `DELTA`, function words the rest."""

    reference: float = 0.0
    hypothesis: float = 0.0
    matched_reference: float = 0.0
    matched_hypothesis: float = 0.0
    matches: int = 0
    chunks: int = 0
    """Runs of matches that are next to each other, in the same order, on both sides; 0 where that is the whole."""


@dataclass(frozen=True, slots=True)
class StemMeteor:
    missing: str
    """Why it stands in."""
    name: str = "a substitute for METEOR that knows no synonyms or paraphrases"

    def each(self, pairs: Sequence[Pair]) -> list[float]:
        return [score([count(*pair)]) for pair in pairs]

    def together(self, pairs: Sequence[Pair]) -> float:
        return score(count(*pair) for pair in pairs)


def score(counts: Iterable[Counts]) -> float:
    """METEOR from the sum of `counts`, 0 to 1."""
    total = Counts(*map(sum, zip(*counts, strict=True)))
    if not total.matches:
        return 0.0
    precision = total.matched_hypothesis / total.hypothesis
    recall = total.matched_reference / total.reference
    mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
    penalty: float = GAMMA * (total.chunks / total.matches) ** BETA
    return (1 - penalty) * mean


@lru_cache(maxsize=1 << 12)
def count(reference: Tokens, hypothesis: Tokens) -> Counts:
    """What METEOR counts in one pair."""
    (ours, all_ours), (theirs, all_theirs) = _read(reference), _read(hypothesis)
    if set(ours).isdisjoint(theirs):
        return Counts(all_ours, all_theirs)
    runs = list(_runs(ours, theirs))
    matched = [(reference[i + step], hypothesis[j + step]) for i, j, length in runs for step in range(length)]
    worth = [1.0 if ours == theirs else STEM for ours, theirs in matched]
    return Counts(
        reference=all_ours,
        hypothesis=all_theirs,
        matched_reference=sum(w * _weight(ours) for w, (ours, _) in zip(worth, matched, strict=True)),
        matched_hypothesis=sum(w * _weight(theirs) for w, (_, theirs) in zip(worth, matched, strict=True)),
        matches=len(matched),
        chunks=0 if len(runs) == 1 and len(matched) == len(reference) == len(hypothesis) else len(runs),
    )


def _runs(ours: Tokens, theirs: Tokens) -> Iterator[tuple[int, int, int]]:
    """(start in `ours`, start in `theirs`, length) of common runs, the longest first; each word is in one at most."""
    our_rest, their_rest = list(ours), list(theirs)
    while not set(our_rest).isdisjoint(their_rest):
        run = SequenceMatcher(None, our_rest, their_rest, autojunk=False).find_longest_match()
        yield run
        # What is matched becomes a word that the other side can't have: places stay as they are.
        our_rest[run.a : run.a + run.size] = ["\0taken"] * run.size
        their_rest[run.b : run.b + run.size] = ["\0gone"] * run.size


@lru_cache(maxsize=1 << 12)
def _read(title: Tokens) -> tuple[Tokens, float]:
    """The stems of its words, and what they weigh together."""
    return tuple(map(_stem, title)), sum(map(_weight, title))


@lru_cache(maxsize=1 << 13)
def _stem(word: str) -> str:
    return _DOUBLED.sub(r"\1", _ENDING.sub("", word))


def _weight(word: str) -> float:
    return 1 - DELTA if word in _FUNCTION_WORDS else DELTA
