"""What sways a judge that should not: chance, and the order, the length and the style of what it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from errata.documents.judging import BiasEstimate, Placebo, SwapConsistency
from errata.domain.chapter import Chapter, Chapters
from evaluation.judges.agreement import share_estimate
from evaluation.judges.judge_client import JudgeClient
from evaluation.judges.judged_item import AnswerPair
from evaluation.judges.pairwise import (
    WORTH,
    Choices,
    PairVerdict,
    ask_choices,
    ask_forms,
    differ,
    in_both_orders,
    question,
)
from evaluation.judges.render import plain_chapters, written_chapters
from evaluation.judges.request import Request

PADDING = ", and what there is to say about that in this part of the recording"
AGAIN = "again"
"""The occasion of a question's second time."""

ClusteredVerdict = tuple[PairVerdict, str]
"""A verdict, and the cluster that its item is of."""


def swap_consistency(verdicts: Sequence[ClusteredVerdict]) -> SwapConsistency:
    """Pairs that nobody needed to be asked about don't count."""
    compared = [(verdict, cluster) for verdict, cluster in verdicts if verdict.orders is not None]
    choices = [choice for verdict, _ in compared for choice in verdict.orders or ()]
    sides = [choice for choice in choices if choice != "tie"]
    return SwapConsistency(
        consistency=share_estimate(
            [verdict.consistent for verdict, _ in compared], [cluster for _, cluster in compared]
        ),
        first=sides.count("first") / len(sides) if sides else None,
    )


def bias_estimate(choices: Sequence[Choices | None]) -> BiasEstimate:
    """`choices` with the plain answer shown first, and with it shown second; those without an answer don't count."""
    answered = [pair for pair in choices if pair is not None]
    # where the plain answer comes first, taking the second one is the leaning; where it comes second, taking the first
    leanings = [WORTH[plain_first] - WORTH[plain_second] for plain_first, plain_second in answered]
    return BiasEstimate(len(answered), sum(leanings) / (2 * len(answered)) if answered else None)


def placebo(client: JudgeClient, pairs: Sequence[AnswerPair], about: str) -> Placebo:
    """The very same questions twice, and each pair's better answer against itself."""
    questions = in_both_orders(pairs, about)
    first = ask_forms(client, questions)
    again = ask_forms(client, [replace(request, occasion=AGAIN) for request in questions])
    answered = [(one, other) for one, other in zip(first, again, strict=True) if one is not None and other is not None]
    alone = [plain_chapters(pair.new, pair.transcript.unit) for pair in pairs]
    mirrored = [question(pair.transcript, side, side, about, "") for pair, side in zip(pairs, alone, strict=True)]
    equal = [form for form in ask_forms(client, mirrored) if form is not None]
    return Placebo(
        repeated=len(answered),
        changed=sum(one.better != other.better for one, other in answered),
        equal=len(equal),
        preferred=sum(form.better != "tie" for form in equal),
    )


def pad(chapters: Chapters) -> Chapters:
    """The same in more words."""
    return tuple(replace(chapter, title=chapter.title + PADDING) for chapter in chapters)


def adorn(chapters: Chapters) -> Chapters:
    """The same in markdown, capitals and pictures."""
    return tuple(
        Chapter(chapter.start, f"**{number}. {chapter.title.upper()}** ✨")
        for number, chapter in enumerate(chapters, 1)
    )


def length_bias(client: JudgeClient, pairs: Sequence[AnswerPair], about: str) -> BiasEstimate:
    """Of each pair's better answer, plain against padded."""
    probes = [replace(pair, old=pair.new, new=pad(pair.new)) for pair in pairs]
    return bias_estimate(ask_choices(client, in_both_orders(probes, about)))


def style_bias(client: JudgeClient, pairs: Sequence[AnswerPair], about: str) -> BiasEstimate:
    """Plain against adorned, shown as they are: what a judge would do if style were not stripped."""
    requests = [request for pair in pairs for request in _questions_with_style(pair, about)]
    return bias_estimate(ask_choices(client, requests))


def style_left(pairs: Sequence[AnswerPair]) -> float:
    """Share of pairs, plain against adorned, that a judge could still tell apart as they are really shown."""
    probes = [replace(pair, old=pair.new, new=adorn(pair.new)) for pair in pairs]
    return sum(map(differ, probes)) / len(probes) if probes else 0.0


def _questions_with_style(pair: AnswerPair, about: str) -> tuple[Request, Request]:
    """With the plain answer first, and with the adorned one first."""
    transcript = pair.transcript
    plain = written_chapters(pair.new, transcript.unit)
    adorned = written_chapters(adorn(pair.new), transcript.unit)
    return question(transcript, plain, adorned, about, ""), question(transcript, adorned, plain, about, "")
