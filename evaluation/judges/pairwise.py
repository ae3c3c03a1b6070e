"""Which of two lists of chapters is better, asked in both orders.

Judges lean towards a place, most where the answers are close (arXiv 2406.07791): only what is said in both orders
counts, and a judge that contradicts itself has said that the two are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from evaluation.judges.item import Pair
from evaluation.judges.render import fenced, lines, shown
from evaluation.judges.request import GUARD, Form, Request
from evaluation.judges.seat import Seat

KIND = "pairwise@1"

INSTRUCTIONS = f"""\
You compare two lists of chapters that were made for one transcript. A viewer uses such a list to see what is in a \
recording and to jump to a part of it. The better list is the one whose borders stand where the subject changes, whose \
titles say what is really spoken about in their part, plainly enough to find it again, and that has neither too many \
parts nor too few. Longer titles, more titles, style, spelling of times, and which list comes first make neither better.
{GUARD}
Fill in `why` first, in one sentence, and then `better`: `first`, `second`, or `tie` where neither is better."""

Choice = Literal["first", "second", "tie"]
_WORTH = {"first": -1, "tie": 0, "second": 1}


class PairForm(Form):
    why: str
    better: Choice


@dataclass(frozen=True, slots=True)
class Verdict:
    value: int
    """1: the new answer is better, in both orders; −1: the old one; 0: neither, or it depends on the order."""
    orders: tuple[Choice, Choice] | None
    """What was said with the old answer shown first, and with the new one first. None: nobody was asked, since both
    look the same once their style is gone."""

    @property
    def consistent(self) -> bool:
        return self.orders is None or _WORTH[self.orders[0]] == -_WORTH[self.orders[1]]


SAME = Verdict(0, None)


def verdict(old_first: Choice, new_first: Choice) -> Verdict:
    one, other = _WORTH[old_first], -_WORTH[new_first]
    return Verdict(one if one == other else 0, (old_first, new_first))


def differ(pair: Pair) -> bool:
    """Whether a judge could tell the two answers apart."""
    unit = pair.transcript.unit
    return shown(pair.old, unit) != shown(pair.new, unit)


def question(transcript: Transcript, first: Sequence[str], second: Sequence[str], about: str, occasion: str) -> Request:
    """`first` and `second` are rendered answers."""
    data = {"transcript": lines(transcript), "first": list(first), "second": list(second)}
    return Request(KIND, INSTRUCTIONS, fenced(data), PairForm, about, occasion)


def both_orders(pair: Pair, about: str = "", occasion: str = "") -> tuple[Request, Request]:
    """With the old answer first, and with the new one first."""

    def rendered(chapters: Chapters) -> list[str]:
        return shown(chapters, pair.transcript.unit)

    old, new, about = rendered(pair.old), rendered(pair.new), about or pair.transcript.hash
    return (
        question(pair.transcript, old, new, about, occasion),
        question(pair.transcript, new, old, about, occasion),
    )


def judge_pairs(seat: Seat, pairs: Sequence[Pair], about: str = "", occasion: str = "") -> list[Verdict | None]:
    """A verdict a pair, in their order; None where an answer is missing."""
    asked = [place for place, pair in enumerate(pairs) if differ(pairs[place])]
    requests = [request for place in asked for request in both_orders(pairs[place], about, occasion)]
    found: list[Verdict | None] = [SAME] * len(pairs)
    for place, given in zip(asked, chosen(seat, requests), strict=True):
        found[place] = None if given is None else verdict(*given)
    return found


def chosen(seat: Seat, requests: Sequence[Request]) -> list[tuple[Choice, Choice] | None]:
    """The choices of each two requests that belong together; None where either has no answer."""
    answers = seat.ask(requests)
    return [
        None if one is None or other is None else (cast(PairForm, one).better, cast(PairForm, other).better)
        for one, other in zip(answers[::2], answers[1::2], strict=True)
    ]
