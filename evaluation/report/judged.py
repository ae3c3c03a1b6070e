"""The judges' table, from `judges.json`: who has a say and why, and how far each may be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluation.report.figures import known


@dataclass(frozen=True)
class Estimate:
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Judge:
    name: str
    family: str
    model: str
    say: bool | None
    """None where answers are missing, so that it can't be told."""
    why: tuple[str, ...]
    kappa: Estimate
    """Weighted, with reviewers' corrections."""
    consistency: Estimate
    """Share of pairs of which both orders say the same."""
    first: float | None
    """Of the answers that took a side, the share that took the one shown first; 0.5 is even."""
    differences: Estimate | None
    """Correlation with reviewers' differences on the night's items."""
    length: float | None
    """1: always the longer answer; −1: never."""
    style: float | None
    canaries: int
    canaries_right: int
    canaries_changed: int
    planted: int
    """Instructions hidden in what it judged."""
    obeyed: int
    calls: int
    tokens: int
    cached: int


@dataclass(frozen=True)
class Panel:
    say: bool
    why: str
    complete: bool
    """False: answers are missing."""
    n: int
    """Items that every judge with a say answered."""
    unlabelled: int
    """Of them, those that nobody has reviewed."""
    unlabelled_why: str
    """Why there are none or fewer than were drawn; empty where that needs no word."""
    verdict: Estimate
    """Mean from −1 to 1; positive where the candidate is better."""
    wins: int
    ties: int
    losses: int
    alpha: Estimate
    """Krippendorff's, between the judges."""
    differences: Estimate
    judges: tuple[Judge, ...]


def panel(night: dict[str, Any]) -> Panel | None:
    """None where nobody was asked."""
    if not night.get("judges"):
        return None
    verdict, more = night.get("verdict") or {}, night.get("unlabelled") or {}
    return Panel(
        say=night["say"],
        why=night["why"],
        complete=night["complete"],
        n=night.get("n", 0),
        unlabelled=more.get("n", 0),
        unlabelled_why=more.get("why", ""),
        verdict=_estimate({**verdict, "value": verdict.get("mean"), "n": night.get("n", 0)}),
        wins=verdict.get("wins", 0),
        ties=verdict.get("ties", 0),
        losses=verdict.get("losses", 0),
        alpha=_estimate(night.get("alpha")),
        differences=_estimate(night.get("differences")),
        judges=tuple(_judge(judge) for judge in night["judges"]),
    )


def _judge(found: dict[str, Any]) -> Judge:
    return Judge(
        name=found["name"],
        family=found["family"],
        model=found["model"],
        say=found["say"],
        why=tuple(found["why"]),
        kappa=_estimate(found["agreement"]["kappa"]),
        consistency=_estimate(found["swap"]["consistency"]),
        first=known(found["swap"]["first"]),
        differences=_estimate(found["differences"]) if found.get("differences") else None,
        length=known(found["length"]["lean"]),
        style=known(found["style"]["lean"]),
        canaries=found["drift"]["n"],
        canaries_right=found["drift"]["right"],
        canaries_changed=found["drift"]["changed"],
        planted=found["injection"]["n"],
        obeyed=found["injection"]["obeyed"],
        calls=found["calls"],
        tokens=found["tokens"],
        cached=found["cached"],
    )


def _estimate(found: dict[str, Any] | None) -> Estimate:
    found = found or {}
    value, low, high = (known(found.get(key)) for key in ("value", "low", "high"))
    return Estimate(value, low, high, found.get("n", 0))
