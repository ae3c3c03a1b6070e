"""How far a model's confidence can be relied on, in sentences."""

from __future__ import annotations

from errata.documents.calibration import FEWEST_BORDERS, FEWEST_ITEMS, Calibration, Reliability
from errata.wording.counts import counted


def calibration_sentences(calibration: Calibration) -> list[str]:
    """What was looked at, and how far off the confidences were, as the model gives them and calibrated."""
    talks, borders = counted(calibration.items, "talk"), counted(calibration.borders, "border")
    if calibration.as_given is None or calibration.calibrated is None:
        return [_too_few(calibration)]
    blind = f"; {calibration.blind:,} of them were reviewed without a draft" if calibration.blind else ""
    given, calibrated = calibration.as_given, calibration.calibrated
    return [
        f"Of {borders} that it set in {talks} that it wasn't trained on, reviewers kept {calibration.right:,}{blind}.",
        f"Its confidence is off by {_off(given)} as it gives it, and by {_off(calibrated)} once calibrated.",
        f"Chance alone would make that {100 * calibrated.chance:.1f} points.",
    ]


def _too_few(calibration: Calibration) -> str:
    if calibration.borders < FEWEST_BORDERS or calibration.items < FEWEST_ITEMS:
        return (
            f"Not evaluable: reviewers looked at {counted(calibration.borders, 'border')} of which it said how sure it "
            f"was, in {counted(calibration.items, 'talk')}; {FEWEST_BORDERS} in {FEWEST_ITEMS} are needed."
        )
    every = "kept" if calibration.right else "took away"
    return f"Not evaluable: reviewers {every} all {calibration.borders:,} borders, so that nothing tells them apart."


def _off(reliability: Reliability) -> str:
    if reliability.low is None or reliability.high is None:
        return f"{100 * reliability.ece:.1f} points"
    return f"{100 * reliability.ece:.1f} points ({100 * reliability.low:.1f} to {100 * reliability.high:.1f})"
