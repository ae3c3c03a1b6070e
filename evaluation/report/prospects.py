"""What would change a verdict: items, guardrails, reviewers, a judge; each in a sentence with the number behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from errata.documents.judging import Judging
from evaluation.report.figures import count, number, plural
from evaluation.report.verdict import Guardrail, Verdict

RHO = 0.6
"""Correlation with reviewers' differences that a judge worth having reaches."""
WORTHLESS = 0.5
_PRESET = re.compile(r"Known error of the preset (\S+):")


@dataclass(frozen=True)
class Prospect:
    subject: str
    text: str


def prospects(found: Verdict, fresh: int, judging: Judging | None) -> tuple[Prospect, ...]:
    """The first is the verdict's next step. `fresh` is how many items tonight brought."""
    rest = [] if found.promoted else [*_items(found), *_reviewers(found, fresh)]
    rails = [prospect for rail in found.guardrails if (prospect := _guardrail(rail)) is not None]
    heard = [] if found.promoted else [*_judge(found, judging)]
    return (Prospect("Next", found.next_step), *rest, *rails, *heard)


def _items(found: Verdict) -> Iterator[Prospect]:
    """How many items would show the effect that was measured, and what those at hand show."""
    effect, needed = found.primary.get("effect"), int(found.primary.get("needed") or 0)
    mde = (found.look or found.primary).get("mde")
    if mde is None or found.verdict in ("promote", "blocked"):
        return
    shown = f"the {plural(found.n, 'item')} at hand show gains of {number(mde)} points and more in 80 of 100 tests"
    if effect is not None and effect > 0 and needed > found.n:
        shown = (
            f"if the true gain is the measured {number(effect)} points, about {plural(needed - found.n, 'more item')} "
            f"would show it; {shown}"
        )
    yield Prospect("Fresh items", f"{shown[0].upper()}{shown[1:]}.")


def _reviewers(found: Verdict, fresh: int) -> Iterator[Prospect]:
    if found.needs and fresh:
        nights, faster = (math.ceil(found.needs / pace) for pace in (fresh, 2 * fresh))
        yield Prospect(
            "Reviewers",
            f"At tonight’s {plural(fresh, 'fresh item')} that is {plural(nights, 'more night')}; with twice the "
            f"reviews a night, {plural(faster, 'night')}.",
        )
    effect = (found.look or {}).get("design_effect")
    n = found.n
    if found.needs and effect is not None and effect > 1.1:
        yield Prospect(
            "Reviewers",
            f"Talks of one channel are alike: the {plural(n, 'item')} say as much as {count(round(n / effect))} from "
            "as many channels. Reviews of channels that are rare so far say most.",
        )


def _guardrail(rail: Guardrail) -> Prospect | None:
    """A guardrail that stands in the way, or that couldn't be judged; None for one that does neither."""
    if not rail.decides:
        return None
    if rail.status == "failed" and rail.worst is not None and rail.allowed is not None:
        return Prospect(
            rail.name,
            f"Fails by {number(rail.allowed - rail.worst)} {rail.unit}: at worst {number(rail.worst, signed=True)}, "
            f"and {number(rail.allowed, signed=True)} is allowed; measured {number(rail.effect, signed=True)} on "
            f"{plural(rail.n or 0, 'item')}.",
        )
    if rail.status == "not evaluable" and rail.lacks is not None:
        return Prospect(
            rail.name, f"Could not be judged: about {plural(rail.lacks, 'more item')} would make it evaluable."
        )
    return None


def _judge(found: Verdict, judging: Judging | None) -> Iterator[Prospect]:
    """n / (1 − ρ²) items at the most: prediction-powered inference with endless unlabelled ones, tuned λ (Angelopoulos,
    Duchi & Zrnic 2023, arXiv 2311.01453)."""
    n = found.n
    if not n or found.verdict in ("promote", "blocked", "reject"):
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
    yield Prospect("A judge", f"{whose} {gain}. {deaf(found)}".strip())


def deaf(found: Verdict) -> str:
    """That the preset decides without judges, where it does; only one that looks every night, with an interval for it,
    hears them."""
    preset = _PRESET.match(found.known_error)
    hears = (found.look or {}).get("low") is not None
    return "" if hears or preset is None else f"The preset {preset[1]} decides without judges."
