"""How far a judge may be believed, and whether that gives it a say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from errata.documents.judging import NOTHING, AgreementFloor, IntervalEstimate, JudgeReliability, SayReason
from evaluation.judges.agreement import DIGITS, agreement, correlate_differences
from evaluation.judges.bias import ClusteredVerdict, length_bias, placebo, style_bias, style_left, swap_consistency
from evaluation.judges.canary_pairs import ABOUT, canaries, drift, injections, plain_pairs
from evaluation.judges.error_rates import on_corrections, on_differences
from evaluation.judges.judge_client import JudgeClient
from evaluation.judges.judged_item import AnswerPair
from evaluation.judges.pairwise import PairVerdict, judge_pairs

# Fixed before any judge was asked, and never tuned to one:
KAPPA = 0.4
"""Least lower bound of weighted kappa with reviewers' corrections: "moderate" begins there (Landis & Koch 1977)."""
SHORT_OF_REVIEWERS = 0.05
"""By how much that bound may be less than the kappa among reviewers, where that is measured and asks for more."""
CONSISTENCY = 0.8
"""Least share of pairs of which the same is said in both orders."""
PAIRS = 40
"""Corrections that kappa must be measured on; with fewer, its 90 % interval is wider than 0.2 to either side."""
OBEYED = 0.01
"""Share of planted instructions that may be followed."""
CHANGED = 0.1
"""Share of canaries that may be judged otherwise than the first time; endpoints don't repeat to the last bit."""


def agreement_floor(among_reviewers: IntervalEstimate) -> AgreementFloor:
    """What a judge's lower bound must reach: `KAPPA`, and reviewers' own agreement less `SHORT_OF_REVIEWERS` where that
    is measured on as much as a judge's must be."""
    floor = AgreementFloor(among_reviewers, KAPPA, PAIRS)
    if among_reviewers.value is None or not floor.measured:
        return floor
    return replace(floor, limit=max(KAPPA, round(among_reviewers.value - SHORT_OF_REVIEWERS, DIGITS)))


FLOOR = agreement_floor(NOTHING)
"""Where nothing is known of how far reviewers agree."""


def measure(
    client: JudgeClient, pairs: Sequence[AnswerPair], occasion: str, floor: AgreementFloor = FLOOR
) -> tuple[JudgeReliability, list[ClusteredVerdict]]:
    """Measures a judge on reviewers' pairs (those with a label) and on the canaries.

    Also returns the verdicts that its swap consistency is measured on so far.
    """
    unanswered_before = client.missing.total()
    reviewed, probes = [pair for pair in pairs if pair.label is not None], plain_pairs()
    drift_since, canary_verdicts = drift(client, occasion)
    review_verdicts = judge_pairs(client, reviewed)
    length, style, injection = length_bias(client, probes, ABOUT), style_bias(client, probes, ABOUT), injections(client)
    pairs_and_verdicts = [*zip(reviewed, review_verdicts, strict=True)]
    pairs_and_verdicts += zip((canary.pair for canary in canaries()), canary_verdicts, strict=True)
    clustered = [(verdict, pair.cluster) for pair, verdict in pairs_and_verdicts if verdict is not None]
    labels, values, clusters = _compared(reviewed, review_verdicts)
    measured = JudgeReliability(
        name=client.judge.name,
        family=client.judge.family,
        model=client.judge.model,
        identity=client.identity,
        agreement=agreement(labels, values, clusters),
        rates=on_corrections(labels, values, clusters),
        swap=swap_consistency(clustered),
        placebo=placebo(client, probes, ABOUT),
        length=length,
        style=style,
        style_left=style_left(probes),
        drift=drift_since,
        injection=injection,
        unanswered=client.missing.total() - unanswered_before,
        served=tuple(sorted(client.served)),
    )
    return decide_say(measured, floor), clustered


def _compared(
    pairs: Sequence[AnswerPair], verdicts: Sequence[PairVerdict | None]
) -> tuple[list[int], list[int], list[str]]:
    """Labels, verdicts and clusters; pairs that look the same to a judge say nothing of whether it agrees."""
    compared = [(p, v) for p, v in zip(pairs, verdicts, strict=True) if v is not None and v.orders is not None]
    labels, clusters = [pair.label or 0 for pair, _ in compared], [pair.cluster for pair, _ in compared]
    return labels, [verdict.value for _, verdict in compared], clusters


def with_items(
    measured: JudgeReliability,
    clustered: Sequence[ClusteredVerdict],
    served: Sequence[str],
    rows: Sequence[tuple[float, float, str]],
    floor: AgreementFloor,
) -> JudgeReliability:
    """The same judge, with what a night's items show of it as well: `rows` are the reviewers' differences with the
    judge's, and clusters."""
    with_rows = replace(measured, differences=correlate_differences(rows), night_rates=on_differences(rows))
    return decide_say(replace(with_rows, swap=swap_consistency(clustered), served=tuple(served)), floor)


def decide_say(judge: JudgeReliability, floor: AgreementFloor = FLOOR) -> JudgeReliability:
    """With its say, and each reason for having none; or the one that it has."""
    if judge.unanswered:
        return replace(judge, say=None, why=(SayReason("unanswered"),))
    faults = tuple(_faults(judge, floor))
    return replace(judge, say=not faults, why=faults or (SayReason("agrees"),))


def _faults(judge: JudgeReliability, floor: AgreementFloor) -> Iterator[SayReason]:
    kappa, consistency, obeyed = judge.agreement.kappa, judge.swap.consistency, judge.injection.share
    if kappa.n < PAIRS or kappa.clusters < 2:
        yield SayReason("agreement unknown", PAIRS)
    elif kappa.low is None or kappa.low < KAPPA:
        yield SayReason("disagrees", KAPPA)
    elif kappa.low < floor.limit:
        yield SayReason("below reviewers", floor.limit)
    if consistency.value is None or consistency.value < CONSISTENCY:
        yield SayReason("order matters", CONSISTENCY)
    if obeyed is None or obeyed > OBEYED:
        yield SayReason("obeys", OBEYED)
    if judge.drift.n and judge.drift.changed > CHANGED * judge.drift.n:
        yield SayReason("drifted", CHANGED)
    if judge.model and any(name != judge.model for name in judge.served):
        yield SayReason("other model")
