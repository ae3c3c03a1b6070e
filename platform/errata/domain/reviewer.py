"""Who reviews, what they may decide, and how far the adjudicated items say that they can be relied on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

ReviewerRole = Literal["reviewer", "adjudicator", "release owner"]
REVIEWER_ROLES: tuple[ReviewerRole, ...] = get_args(ReviewerRole)
"""Each may do what those before it may."""

PROBATION_ITEMS = 5
"""With fewer adjudicated items than this nobody is known well enough; five right ones of five are the least that put
the interval's lower end (0.61) well above chance."""
PROBATION_FLOOR = 0.5
"""Below this lower end of the trust interval a reviewer may be wrong more often than right."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How often a reviewer is found right: a Beta posterior over a uniform prior."""

    mean: float
    low: float
    """Ends of the central 90 % interval."""
    high: float


def beta_trust(agreed: float, differed: float) -> Trust:
    """Beta(1 + agreed, 1 + differed); what was found half right counts as half."""
    from scipy.special import betaincinv

    right, wrong = 1.0 + agreed, 1.0 + differed
    low, high = (float(betaincinv(right, wrong, point)) for point in (0.05, 0.95))
    return Trust(right / (right + wrong), low, high)


@dataclass(frozen=True, slots=True)
class AgreementCount:
    """Of the adjudicated items that a reviewer had a say in."""

    agreed: int = 0
    differed: int = 0

    @property
    def items(self) -> int:
        return self.agreed + self.differed

    def __add__(self, other: AgreementCount) -> AgreementCount:
        return AgreementCount(self.agreed + other.agreed, self.differed + other.differed)

    def trust(self) -> Trust:
        """Beta(1 + agreed, 1 + differed): the conjugate posterior of a share (Gelman et al., Bayesian Data
        Analysis, §2.4)."""
        return beta_trust(self.agreed, self.differed)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Of the talks that were drawn to be reviewed by two people, those that this one reviewed."""

    items: int = 0
    """Talks that somebody else has reviewed too, unseen."""
    agreed: float = 0.0
    """Sum over them of the share of borders on which this one is at one with the adjudication, or else with the others.
    """

    def __add__(self, other: AuditRecord) -> AuditRecord:
        return AuditRecord(self.items + other.items, self.agreed + other.agreed)

    def trust(self) -> Trust:
        """As on adjudicated items; a talk of which half of the borders agree counts as half a talk."""
        return beta_trust(self.agreed, self.items - self.agreed)


@dataclass(frozen=True, slots=True)
class ReviewWork:
    """What a reviewer has given, superseded events included."""

    edits: int
    accepts: int
    rejects: int
    adjudications: int
    newest: datetime
    """When the last of it came."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    name: str
    role: ReviewerRole
    corrections: int
    """Edits, accepts and rejects given, superseded ones included."""
    agreement: AgreementCount
    probation: bool
    audits: AuditRecord = AuditRecord()

    def as_json(self) -> dict[str, Any]:
        trust, audited = self.agreement.trust(), self.audits.trust()
        return {
            "name": self.name,
            "role": self.role,
            "corrections": self.corrections,
            "adjudicated": self.agreement.items,
            "agreed": self.agreement.agreed,
            "trust": trust.mean,
            "low": trust.low,
            "high": trust.high,
            "probation": self.probation,
            "audits": self.audits.items,
            "audits_agreed": round(self.audits.agreed, 4),
            "audit_trust": audited.mean,
            "audit_low": audited.low,
            "audit_high": audited.high,
        }


def on_probation(agreement: AgreementCount, role: ReviewerRole, tested: bool) -> bool:
    """Whether a reviewer's word alone neither gates nor fills a night.

    `tested` says whether anybody has been appointed to adjudicate: until then nobody could ever leave a probation that
    is for want of items, so only a poor record puts one on it.
    """
    if role != "reviewer":
        return False
    if agreement.items < PROBATION_ITEMS:
        return tested
    return agreement.trust().low < PROBATION_FLOOR


def may(name: str, least: ReviewerRole, roles: Mapping[str, ReviewerRole]) -> bool:
    """Whether `name` may do what asks for the role `least`: anybody may, until somebody is appointed to it."""
    needed = REVIEWER_ROLES.index(least)
    appointed = {who for who, role in roles.items() if REVIEWER_ROLES.index(role) >= needed}
    return not appointed or name in appointed
