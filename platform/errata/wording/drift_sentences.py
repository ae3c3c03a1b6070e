"""What has drifted, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from errata.documents.drift import DriftMeasure, DriftName, DriftReport

_WHAT: dict[DriftName, str] = {
    "length": "the length of talks",
    "language": "the language of talks, as their letters show it,",
    "channels": "the mix of channels",
    "vocabulary": "the vocabulary of talks",
}


def drift_sentences(report: DriftReport) -> Iterator[str]:
    """One for each alarm."""
    for measure in report.alarms:
        yield f"Alarm: {_sentence(measure, report)}"


def _sentence(measure: DriftMeasure, report: DriftReport) -> str:
    before = "the talks that the champion was trained on" if report.against == "training data" else "the talks before"
    counts = f"{measure.talks} and {measure.reference}"
    match measure.name:
        case "correction rate":
            return (
                f"of the champion's answers to the newest talks reviewers correct {measure.distance:.0f} points more "
                f"than of answers to {before} ({counts} reviews, p {measure.p_value:.2g})."
            )
        case "edit distance":
            return (
                f"of the borders of the champion's answers reviewers change {measure.distance:.0f} points more than of "
                f"answers to {before} ({counts} reviews, p {measure.p_value:.2g})."
            )
        case _:
            return (
                f"{_WHAT[measure.name]} has drifted from that of {before}: {measure.by} {measure.distance:.2f}, where "
                f"chance gives {measure.expected:.2f} ({counts} talks, p {measure.p_value:.2g})."
            )
