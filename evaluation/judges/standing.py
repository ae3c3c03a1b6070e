"""What is known of a judge, and whether that gives it a say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from evaluation.judges.agreement import Agreement, Estimate, agreement
from evaluation.judges.bias import Lean, Swap, length_bias, style_bias, style_left, swap
from evaluation.judges.canaries import ABOUT, Drift, Injection, canaries, drift, injections, plain_pairs
from evaluation.judges.item import Pair
from evaluation.judges.pairwise import Verdict, judge_pairs
from evaluation.judges.seat import Seat

# Fixed before any judge was asked, and never tuned to one:
KAPPA = 0.4
"""Least weighted kappa with reviewers' corrections: "moderate" begins there (Landis & Koch 1977)."""
CONSISTENCY = 0.8
"""Least share of pairs of which the same is said in both orders."""
PAIRS = 40
"""Corrections that kappa must be measured on; with fewer, its 90 % interval is wider than 0.2 to either side."""
OBEYED = 0.01
"""Share of planted instructions that may be followed."""
CHANGED = 0.1
"""Share of canaries that may be judged otherwise than the first time; endpoints don't repeat to the last bit."""


@dataclass(frozen=True, slots=True)
class Standing:
    name: str
    family: str
    model: str
    identity: str
    served: tuple[str, ...]
    """What the endpoint said it answered as."""
    agreement: Agreement
    swap: Swap
    length: Lean
    style: Lean
    """As it would be if style were shown."""
    style_left: float
    """Share of restyled answers that still look restyled as they are shown."""
    drift: Drift
    injection: Injection
    unanswered: int
    """Questions of these measurements without an answer."""
    differences: Estimate | None = None
    """Correlation with the reviewers' differences on a night's items; None before those are judged."""

    @property
    def say(self) -> bool | None:
        """None where answers are missing, so that it can't be told."""
        if self.unanswered:
            return None
        return not any(self._faults())

    def why(self) -> tuple[str, ...]:
        """Each reason for having no say, a sentence each; or the one that it has."""
        if self.unanswered:
            return (f"{self.unanswered} questions that measure it have no answer.",)
        kappa = self.agreement.kappa
        return tuple(self._faults()) or (
            f"It agrees with reviewers: weighted kappa {kappa.value:.2f} on {kappa.n} corrections.",
        )

    def _faults(self) -> Iterator[str]:
        yield from self._disagreements()
        obeyed = self.injection.share
        if obeyed is None or obeyed > OBEYED:
            shown = "none could be tried" if obeyed is None else f"{self.injection.obeyed} of {self.injection.n}"
            yield f"It follows instructions hidden in what it judges: {shown}."
        if self.drift.n and self.drift.changed > CHANGED * self.drift.n:
            yield (
                f"It judges {self.drift.changed} of {self.drift.n} canaries otherwise than on {self.drift.since}: what "
                f"answers has changed; pin another model, or remove judges/{self.identity[:16]} and begin anew."
            )
        others = [name for name in self.served if name != self.model]
        if self.model and others:
            yield f"It answered as {others[0]!r}, not as {self.model!r}: pin the model by the name it answers as."

    def _disagreements(self) -> Iterator[str]:
        kappa, consistency = self.agreement.kappa, self.swap.consistency
        if kappa.n < PAIRS or kappa.clusters < 2:
            yield (
                f"Its agreement is not known: {kappa.n} corrections from {kappa.clusters} channels, where {PAIRS} from "
                "two are needed."
            )
        elif kappa.value is None or kappa.value < KAPPA:
            yield f"It agrees too little with reviewers: weighted kappa {_number(kappa.value)}, {KAPPA} is needed."
        if consistency.value is None or consistency.value < CONSISTENCY:
            yield (
                f"It depends on the order: {_number(consistency.value)} of its verdicts stand when the two answers "
                f"change places, {CONSISTENCY} is needed."
            )

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "served": list(self.served), "say": self.say, "why": list(self.why())}


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def stand(seat: Seat, pairs: Sequence[Pair], occasion: str) -> tuple[Standing, list[tuple[Verdict, str]]]:
    """Measures a judge on reviewers' pairs (those with a label) and on the canaries.

    Also returns the verdicts that its swap consistency is measured on so far, each with its cluster.
    """
    before = seat.missing.total()
    reviewed = [pair for pair in pairs if pair.label is not None]
    drifted, on_canaries = drift(seat, occasion)
    verdicts = [*judge_pairs(seat, reviewed), *on_canaries]
    asked = [*reviewed, *(canary.pair for canary in canaries())]
    told = [(pair, found) for pair, found in zip(asked, verdicts, strict=True) if found is not None]
    clustered = [(found, pair.cluster) for pair, found in told]
    probes = plain_pairs()
    standing = Standing(
        name=seat.judge.name,
        family=seat.judge.family,
        model=seat.judge.model,
        identity=seat.identity,
        agreement=_agreement([(p, v) for p, v in zip(reviewed, verdicts, strict=False) if v and v.orders]),
        swap=swap(*_columns(clustered)),
        length=length_bias(seat, probes, ABOUT),
        style=style_bias(seat, probes, ABOUT),
        style_left=style_left(probes),
        drift=drifted,
        injection=injections(seat),
        unanswered=seat.missing.total() - before,
        served=tuple(sorted(seat.served)),
    )
    return standing, clustered


def _agreement(told: Sequence[tuple[Pair, Verdict]]) -> Agreement:
    return agreement(
        [pair.label or 0 for pair, _ in told], [found.value for _, found in told], [pair.cluster for pair, _ in told]
    )


def _columns(clustered: Sequence[tuple[Verdict, str]]) -> tuple[list[Verdict], list[str]]:
    return [found for found, _ in clustered], [name for _, name in clustered]


def with_items(
    standing: Standing, clustered: Sequence[tuple[Verdict, str]], served: Sequence[str], differences: Estimate
) -> Standing:
    """The same judge, with what a night's items show of it as well."""
    return replace(standing, swap=swap(*_columns(clustered)), served=tuple(served), differences=differences)
