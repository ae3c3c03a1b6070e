"""Which of two lists of chapters is better, asked in both orders.

Judges lean towards a place, most where the answers are close (arXiv 2406.07791): only what is said in both orders
counts, and a judge that contradicts itself has said that the two are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from errata.domain.transcript import Transcript
from evaluation.judges.judge_client import JudgeClient
from evaluation.judges.judged_item import AnswerPair
from evaluation.judges.render import fence, plain_chapters, transcript_lines
from evaluation.judges.request import GUARD, Form, Request

KIND = "pairwise@1"

INSTRUCTIONS = f"""\
You compare two lists of chapters that were made for one transcript. A viewer uses such a list to see what is in a \
recording and to jump to a part of it. The better list is the one whose borders stand where the subject changes, whose \
titles say what is really spoken about in their part, plainly enough to find it again, and that has neither too many \
parts nor too few. Longer titles, more titles, style, spelling of times, and which list comes first make neither better.
{GUARD}
Fill in `why` first, in one sentence, and then `better`: `first`, `second`, or `tie` where neither is better."""

Choice = Literal["first", "second", "tie"]
Choices = tuple[Choice, Choice]
"""What was chosen of a pair that was shown in both orders."""
WORTH = {"first": -1, "tie": 0, "second": 1}


class PairForm(Form):
    why: str
    better: Choice


@dataclass(frozen=True, slots=True)
class PairVerdict:
    value: int
    """1: the new answer is better, in both orders; −1: the old one; 0: neither, or it depends on the order."""
    orders: Choices | None
    """What was said with the old answer shown first, and with the new one first. None: nobody was asked, since both
    look the same once their style is gone."""

    @property
    def consistent(self) -> bool:
        return self.orders is None or WORTH[self.orders[0]] == -WORTH[self.orders[1]]


SAME = PairVerdict(0, None)


def verdict(old_first: Choice, new_first: Choice) -> PairVerdict:
    forward, backward = WORTH[old_first], -WORTH[new_first]
    return PairVerdict(forward if forward == backward else 0, (old_first, new_first))


def differ(pair: AnswerPair) -> bool:
    """Whether a judge could tell the two answers apart."""
    unit = pair.transcript.unit
    return plain_chapters(pair.old, unit) != plain_chapters(pair.new, unit)


def question(transcript: Transcript, first: Sequence[str], second: Sequence[str], about: str, occasion: str) -> Request:
    """`first` and `second` are rendered answers."""
    data = {"transcript": transcript_lines(transcript), "first": list(first), "second": list(second)}
    return Request(KIND, INSTRUCTIONS, fence(data), PairForm, about, occasion)


def both_orders(pair: AnswerPair, about: str = "", occasion: str = "") -> tuple[Request, Request]:
    """With the old answer first, and with the new one first."""
    transcript, about = pair.transcript, about or pair.transcript.hash
    old, new = plain_chapters(pair.old, transcript.unit), plain_chapters(pair.new, transcript.unit)
    return question(transcript, old, new, about, occasion), question(transcript, new, old, about, occasion)


def in_both_orders(pairs: Sequence[AnswerPair], about: str = "", occasion: str = "") -> list[Request]:
    """Two questions for each pair, one after the other."""
    return [request for pair in pairs for request in both_orders(pair, about, occasion)]


def judge_pairs(
    client: JudgeClient, pairs: Sequence[AnswerPair], about: str = "", occasion: str = ""
) -> list[PairVerdict | None]:
    """A verdict a pair, in their order; None where an answer is missing."""
    different = [place for place, pair in enumerate(pairs) if differ(pair)]
    requests = in_both_orders([pairs[place] for place in different], about, occasion)
    verdicts: list[PairVerdict | None] = [SAME] * len(pairs)
    for place, choices in zip(different, ask_choices(client, requests), strict=True):
        verdicts[place] = None if choices is None else verdict(*choices)
    return verdicts


def ask_forms(client: JudgeClient, requests: Sequence[Request]) -> list[PairForm | None]:
    return cast(list[PairForm | None], client.ask(requests))


def ask_choices(client: JudgeClient, requests: Sequence[Request]) -> list[Choices | None]:
    """The choices of each two requests that belong together; None where either has no answer."""
    forms = ask_forms(client, requests)
    return [
        None if old_first is None or new_first is None else (old_first.better, new_first.better)
        for old_first, new_first in zip(forms[::2], forms[1::2], strict=True)
    ]
