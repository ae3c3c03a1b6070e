"""What sways a judge that should not: the order, the length and the style of what it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from errata.domain.chapter import Chapter, Chapters
from evaluation.judges.agreement import Estimate, estimate, mean
from evaluation.judges.item import Pair
from evaluation.judges.pairwise import Choice, Verdict, both_orders, chosen, differ, question
from evaluation.judges.render import as_written
from evaluation.judges.request import Request
from evaluation.judges.seat import Seat

PADDING = ", and what there is to say about that in this part of the recording"
_WORTH = {"first": -1, "tie": 0, "second": 1}


@dataclass(frozen=True, slots=True)
class Swap:
    """What became of pairs that were asked in both orders."""

    consistency: Estimate
    """Share of pairs of which the same was said in both orders."""
    first: float | None
    """Of the answers that chose a side, the share that chose the one shown first; 0.5 is no leaning."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def swap(verdicts: Sequence[Verdict], clusters: Sequence[str], seed: int = 0) -> Swap:
    """Pairs that nobody needed to be asked about don't count."""
    asked = [(found, name) for found, name in zip(verdicts, clusters, strict=True) if found.orders is not None]
    sided = [choice for found, _ in asked for choice in found.orders or () if choice != "tie"]
    rows = [[float(found.consistent)] for found, _ in asked]
    return Swap(
        consistency=estimate(mean, rows, [name for _, name in asked], seed),
        first=sided.count("first") / len(sided) if sided else None,
    )


@dataclass(frozen=True, slots=True)
class Lean:
    """How far a judge prefers one of two answers that say the same."""

    n: int
    """Pairs, each asked in both orders."""
    lean: float | None
    """Mean over all answers: 1, always the longer or adorned one; −1, always the plain one; 0 is no bias."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def lean(choices: Sequence[tuple[Choice, Choice]]) -> Lean:
    """`choices` with the plain answer shown first, and with it shown second."""
    worth = [_WORTH[one] - _WORTH[other] for one, other in choices]
    return Lean(len(choices), sum(worth) / (2 * len(worth)) if worth else None)


def padded(chapters: Chapters) -> Chapters:
    """The same in more words."""
    return tuple(replace(chapter, title=chapter.title + PADDING) for chapter in chapters)


def adorned(chapters: Chapters) -> Chapters:
    """The same in markdown, capitals and pictures."""
    return tuple(
        Chapter(chapter.start, f"**{place}. {chapter.title.upper()}** ✨") for place, chapter in enumerate(chapters, 1)
    )


def length_bias(seat: Seat, pairs: Sequence[Pair], about: str) -> Lean:
    """Of each pair's better answer, plain against padded."""
    probes = [replace(pair, old=pair.new, new=padded(pair.new)) for pair in pairs]
    requests = [request for probe in probes for request in both_orders(probe, about)]
    return lean([given for given in chosen(seat, requests) if given is not None])


def style_bias(seat: Seat, pairs: Sequence[Pair], about: str) -> Lean:
    """Plain against adorned, shown as they are: what a judge would do if style were not stripped."""
    requests = [request for pair in pairs for request in _as_written(pair, about)]
    return lean([given for given in chosen(seat, requests) if given is not None])


def style_left(pairs: Sequence[Pair]) -> float:
    """Share of pairs, plain against adorned, that a judge could still tell apart as they are really shown."""
    probes = [replace(pair, old=pair.new, new=adorned(pair.new)) for pair in pairs]
    return sum(map(differ, probes)) / len(probes) if probes else 0.0


def _as_written(pair: Pair, about: str) -> tuple[Request, Request]:
    said, unit = pair.transcript, pair.transcript.unit
    one, other = as_written(pair.new, unit), as_written(adorned(pair.new), unit)
    return question(said, one, other, about, ""), question(said, other, one, about, "")
