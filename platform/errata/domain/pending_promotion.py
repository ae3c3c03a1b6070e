"""A promotion that waits for people: the gate said `promote`, and nothing that ships has moved."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

ApprovalRule = Literal["none", "one", "two"]
"""Who must approve before what ships moves: nobody, one person, or two different ones."""
APPROVERS: Mapping[ApprovalRule, int] = {"none": 0, "one": 1, "two": 2}

PromotionState = Literal["waiting", "promoted", "rejected", "superseded"]
"""`superseded`: another was found better meanwhile, or became champion."""
ApprovalDoor = Literal["command line", "dashboard", "MLflow"]


@dataclass(frozen=True, slots=True)
class Approval:
    """What one person said of a pending promotion."""

    by: str
    comment: str
    """Why; empty where nothing was said."""
    via: ApprovalDoor
    approves: bool = True
    """False for a rejection."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class PendingPromotion:
    number: int
    opened: datetime
    night: str
    """Whose gate said `promote`."""
    model: str
    champion: str
    """With which it was compared: of another it can't be approved."""
    evidence: str
    """SHA-256 of the evidence record."""
    needed: int
    """Approvals, of as many people: as `params.yaml` had it when it was opened."""
    state: PromotionState
    settled: datetime | None
    why: str
    """Of one that was superseded, by what; empty else."""
    approvals: tuple[Approval, ...]
    """The oldest first."""

    @property
    def approvers(self) -> tuple[str, ...]:
        return tuple(each.by for each in self.approvals if each.approves)

    @property
    def by(self) -> str:
        """Who promotes it, once enough have approved, as the history has it."""
        return ", ".join(self.approvers)

    @property
    def missing(self) -> int:
        """People who are still to approve."""
        return max(0, self.needed - len(self.approvers))

    def is_approved_by(self, name: str) -> bool:
        return any(same_person(name, approver) for approver in self.approvers)


def same_person(one: str, other: str) -> bool:
    """Whether two names look alike: `Ann ` is ann."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
