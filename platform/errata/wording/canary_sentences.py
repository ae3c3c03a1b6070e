"""How a canary stands, in sentences."""

from __future__ import annotations

from errata.domain.canary import Canary, CanaryEnd, ReviewCounts


def canary_sentence(canary: Canary, counts: ReviewCounts, evidence: float) -> str:
    """Of one that runs or has ended; `counts` and `evidence` are its reviews' so far."""
    if canary.end is not None:
        return _ended(canary, canary.end)
    return (
        f"{canary.model[:16]} answers {_percent(canary.share)} of the talks as canary since {canary.at:%Y-%m-%d %H:%M} "
        f"UTC ({canary.by}: {canary.why}). {_reviews(counts)}. Evidence that it is corrected more: an e-value of "
        f"{evidence:.1f}; at {1 / canary.error:g} it returns."
    )


def _ended(canary: Canary, end: CanaryEnd) -> str:
    when = f"{end.at:%Y-%m-%d %H:%M} UTC"
    match end.how:
        case "returned":
            return (
                f"Alarm: the canary {canary.model[:16]} was returned at {when}, since it is corrected more than the "
                f"champion. {_reviews(end.counts)} (e-value {end.evidence:.1f}). Of canaries that are no worse, "
                f"{_percent(canary.error)} at most are ever returned. The champion answers all talks."
            )
        case "stopped":
            return (
                f"The canary {canary.model[:16]} was stopped at {when} ({end.by}: {end.why}). {_reviews(end.counts)}."
            )
        case "champion moved":
            return (
                f"The canary {canary.model[:16]} ended at {when}: the champion with which it was compared, "
                f"{canary.champion[:16]}, is the champion no more. {_reviews(end.counts)}."
            )


def _reviews(counts: ReviewCounts) -> str:
    return (
        f"Reviewers corrected {counts.canary_corrected} of {counts.of_canary} of its talks, and "
        f"{counts.champion_corrected} of {counts.of_champion} of the champion's"
    )


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
