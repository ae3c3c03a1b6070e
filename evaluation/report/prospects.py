"""What would change a verdict: items, guardrails, reviewers, a judge; each in a sentence with the number behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from errata.documents.judging import Judging
from evaluation.report.figures import count, number, plural
from evaluation.report.verdict import ContenderVerdict, GuardrailRow

RHO = 0.6
"""Correlation with reviewers' differences that a judge worth having reaches."""
WORTHLESS = 0.5


@dataclass(frozen=True)
class Prospect:
    subject: str
    text: str


def prospects(verdict: ContenderVerdict, fresh: int, judging: Judging | None) -> tuple[Prospect, ...]:
    """The first is the verdict's next step. `fresh` is how many items tonight brought."""
    rails = [prospect for rail in verdict.guardrails if (prospect := _guardrail(rail)) is not None]
    following = Prospect("Next", verdict.next_step)
    if verdict.promoted:
        return (following, *rails)
    return (following, *_items(verdict), *_reviewers(verdict, fresh), *rails, *_judge(verdict, judging))


def _items(verdict: ContenderVerdict) -> Iterator[Prospect]:
    """What the items at hand show."""
    primary = verdict.primary
    mde = verdict.look.mde if verdict.look else primary.mde
    if mde is None or verdict.verdict in ("promote", "blocked"):
        return
    yield Prospect(
        "Fresh items",
        f"The {plural(primary.n, 'item')} at hand show gains of {number(mde)} points and more in 80 of 100 tests.",
    )


def _reviewers(verdict: ContenderVerdict, fresh: int) -> Iterator[Prospect]:
    if verdict.needs and fresh:
        yield Prospect("Reviewers", _pace(verdict.needs, fresh, verdict.nights_left))
    design_effect = verdict.look.design_effect if verdict.look else None
    n = verdict.primary.n
    if verdict.needs and design_effect is not None and design_effect > 1.1:
        yield Prospect(
            "Reviewers",
            f"Talks of one channel are alike: the {plural(n, 'item')} say as much as {count(round(n / design_effect))} "
            "from as many channels. Reviews of channels that are rare so far say most.",
        )


def _pace(needs: int, fresh: int, nights_left: int | None) -> str:
    """In how many nights so many items come, and whether the contender has these."""
    nights = math.ceil(needs / fresh)
    tonight = f"At tonight’s {plural(fresh, 'fresh item')} that is {plural(nights, 'more night')}"
    if nights_left is None:
        return f"{tonight}; with twice the reviews a night, {plural(math.ceil(needs / (2 * fresh)), 'night')}."
    if nights <= nights_left:
        return f"{tonight}: it has time enough."
    return f"{tonight}, which it doesn’t have: {count(math.ceil(needs / nights_left))} a night would do."


def _guardrail(rail: GuardrailRow) -> Prospect | None:
    """A guardrail that stands in the way, or that couldn't be judged; None for one that does neither."""
    if not rail.decides:
        return None
    if rail.status == "failed" and rail.worst is not None:
        return Prospect(
            rail.name,
            f"Fails by {number(rail.allowed - rail.worst)} {rail.unit}: at worst {number(rail.worst, signed=True)}, "
            f"and {number(rail.allowed, signed=True)} is allowed; measured {number(rail.effect, signed=True)} on "
            f"{plural(rail.n or 0, 'item')}.",
        )
    if rail.lacks is not None:
        return Prospect(
            rail.name, f"Could not be judged: about {plural(rail.lacks, 'more item')} would make it evaluable."
        )
    return None


def _judge(verdict: ContenderVerdict, judging: Judging | None) -> Iterator[Prospect]:
    """n / (1 − ρ²) items at the most: prediction-powered inference with endless unlabelled ones, tuned λ (Angelopoulos,
    Duchi & Zrnic 2023, arXiv 2311.01453)."""
    n = verdict.primary.n
    if not n or verdict.verdict in ("promote", "blocked", "reject"):
        return
    measured = None if judging is None else judging.differences.value
    rho = RHO if measured is None else measured
    whose = (
        f"One whose differences follow reviewers’ with a correlation of {RHO}"
        if measured is None
        else f"Tonight’s judges follow reviewers’ differences with a correlation of {measured:.2f}; that"
    )
    gain = (
        "adds next to nothing"
        if rho < WORTHLESS
        else f"makes the {plural(n, 'item')} say as much as {count(round(n / max(1 - rho * rho, 0.01)))} at the most"
    )
    yield Prospect("A judge", f"{whose} {gain}. {ignores_judges(verdict)}".strip())


def ignores_judges(verdict: ContenderVerdict) -> str:
    """That the preset decides without judges; empty where it doesn't."""
    return "" if verdict.hears_judges else f"The preset {verdict.preset} decides without judges."
