"""Why a talk comes next, in a few words for its reviewer."""

from __future__ import annotations

from errata.domain.review_reason import AuditReason, DifferenceReason, ReviewReason, UnsureReason
from errata.wording.counts import counted


def review_reason_phrase(reason: ReviewReason) -> str:
    """`least sure of 3 borders`: without a capital, to stand after a heading or a dash."""
    if isinstance(reason, AuditReason):
        # a second reviewer isn't told that there was a first: they should look as if they were it
        return "audit: drawn at random"
    if isinstance(reason, DifferenceReason):
        return f"champion and challenger differ in {counted(reason.borders, 'border')}"
    if isinstance(reason, UnsureReason):
        return f"least sure of {counted(reason.borders, 'border')}"
    return "in the order of arrival"
