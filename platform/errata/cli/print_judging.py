"""What `errata judges` prints for people."""

from __future__ import annotations

from errata.cli.output import number, print_table, say, say_wrapped, with_interval
from errata.documents.judging import JudgeCheck, JudgeReliability, Judging
from errata.wording.counts import counted
from errata.wording.judging_sentences import (
    better_sentence,
    floor_sentence,
    judge_sentences,
    panel_sentence,
    rates_sentence,
    unlabelled_sentence,
)

BELIEF = ("judge", "say", "kappa", "better", "not better", "swap", "canaries")
SWAY = ("judge", "takes first", "changed", "unequal", "length", "style", "obeys", "drift")
"""`changed`: of questions asked twice, those answered otherwise; `unequal`: of equal answers, those found better;
`drift`: of the canaries, those judged otherwise than the first time."""


def print_check(check: JudgeCheck) -> None:
    _print_judges(check)
    say_wrapped(cost_sentence(check.calls, check.tokens, check.cached, check.complete))


def print_judging(judging: Judging, contender: str) -> None:
    _print_judges(judging)
    verdict, unlabelled = judging.verdict, judging.unlabelled
    if verdict.mean is not None:
        say(
            f"{contender.capitalize()} against champion on {counted(judging.n, 'item')}: {verdict.mean:+.2f} "
            f"({verdict.wins} won, {verdict.ties} even, {verdict.losses} lost). {rates_sentence(judging.rates)}".strip()
        )
    if unlabelled.n:
        say_wrapped(
            f"{unlabelled.n} of the items are talks that nobody has reviewed. {better_sentence(judging)}".strip(), 2
        )
    elif unlabelled.why is not None:
        say_wrapped(f"No talks that nobody has reviewed were judged. {unlabelled_sentence(unlabelled)}")
    say_wrapped(cost_sentence(judging.calls, judging.tokens, judging.cached, judging.complete))


def _print_judges(check: JudgeCheck) -> None:
    print_table("judges", BELIEF, [_belief(judge) for judge in check.judges])
    print_table("what sways them", SWAY, [_sway(judge) for judge in check.judges])
    for judge in check.judges:
        missing = [f"{count} without an answer: {fault}" for fault, count in judge.missing.items()]
        for line in (*judge_sentences(judge), *missing):
            say_wrapped(f"{judge.name}: {line}")
    say_wrapped(floor_sentence(check.floor))
    say_wrapped(panel_sentence(check))


def _belief(judge: JudgeReliability) -> tuple[str, ...]:
    estimates = (judge.agreement.kappa, judge.rates.true_positive, judge.rates.true_negative, judge.swap.consistency)
    return (
        judge.name,
        {True: "yes", False: "no", None: "?"}[judge.say],
        *(with_interval(estimate.value, estimate.low, estimate.high, ".2f") for estimate in estimates),
        f"{judge.drift.right}/{judge.drift.n}",
    )


def _sway(judge: JudgeReliability) -> tuple[str, ...]:
    placebo = judge.placebo
    return (
        judge.name,
        number(judge.swap.first, ".2f"),
        f"{placebo.changed}/{placebo.repeated}",
        f"{placebo.preferred}/{placebo.equal}",
        number(judge.length.lean, "+.2f"),
        number(judge.style.lean, "+.2f"),
        f"{judge.injection.obeyed}/{judge.injection.n}",
        f"{judge.drift.changed}/{judge.drift.n}",
    )


def cost_sentence(calls: int, tokens: int, cached: int, complete: bool) -> str:
    incomplete = "" if complete else "; INCOMPLETE: answers are missing"
    answers = counted(cached, "answer")
    return f"{counted(calls, 'call')}, {counted(tokens, 'token')}, {answers} known already{incomplete}"
