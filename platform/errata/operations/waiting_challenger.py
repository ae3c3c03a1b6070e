"""The candidate that waits as challenger: since when, what the gate last said of it, and what it still needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from errata.documents.decision import Decision, OutcomeDecision
from errata.workspace import Workspace

PACE = 7
"""Nights, the newest, by which items a night are told."""


@dataclass(frozen=True, slots=True)
class WaitingChallenger:
    model: str
    since: datetime
    night: str
    """The night from which on it waits."""
    judged_on: str
    """The newest night that scored it; empty where none has."""
    decision: Decision | None
    """That night's, on it."""
    evidence: str
    """SHA-256 of that decision's evidence record."""
    items_a_night: float | None
    """Fresh items of the last nights, on average; None before any night."""

    @property
    def needs(self) -> int | None:
        """About how many more fresh items would decide it; None where more wouldn't help, or that isn't known."""
        return self.decision.needs if self.decision else None

    @property
    def nights_to_come(self) -> int | None:
        """As many nights at the present pace would bring those items."""
        if self.needs is None or not self.items_a_night:
            return None
        return math.ceil(self.needs / self.items_a_night)

    @property
    def nights_left(self) -> int | None:
        """As many more the gate will look at it; None where it is looked at only once, or that isn't known."""
        if self.decision is None or self.decision.wager is None or self.decision.preset.nights is None:
            return None
        return max(0, self.decision.preset.nights - self.decision.wager.night)


def waiting_challenger(workspace: Workspace) -> WaitingChallenger | None:
    with workspace.record.read() as store:
        moves = store.aliases.moves("challenger")
        model = moves[-1].model if moves else ""
        if not model:
            return None
        last, nights = store.nights.last_scored(), store.nights.means()
        outcome = last.outcome if last else None
        since, night = moves[-1].at, moves[-1].night or ""
    entry = next((each for each in outcome.decisions if each.model == model), None) if outcome else None
    items = [each.fresh_items for each in nights if each.means][-PACE:]
    return WaitingChallenger(
        model=model,
        since=since,
        night=night,
        judged_on=outcome.night if outcome and entry else "",
        decision=_decision(entry),
        evidence=entry.evidence if entry else "",
        items_a_night=sum(items) / len(items) if items else None,
    )


def _decision(entry: OutcomeDecision | None) -> Decision | None:
    return entry.decision if entry else None
