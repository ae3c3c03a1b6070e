"""What has drifted, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from errata.documents.drift import DriftMeasure, DriftReport

_WHAT = {
    "length": "how long talks are",
    "language": "the letters that talks are written in, as the language shows in them,",
    "channels": "which channels talks are from",
    "vocabulary": "the words of talks",
}


def drift_sentences(report: DriftReport) -> Iterator[str]:
    """One for each alarm."""
    for measure in report.alarms:
        yield f"Alarm: {_sentence(measure, report)}"


def _sentence(measure: DriftMeasure, report: DriftReport) -> str:
    p = f"p {measure.p_value:.2g}"
    if measure.by == "rise":
        what = "reviewers correct" if measure.name == "correction rate" else "what reviewers change has risen by"
        if measure.name == "correction rate":
            return (
                f"{what} the champion's answers more often, by {measure.distance:.0f} points, than those to "
                f"{_reference(report)} ({measure.talks} and {measure.reference} reviews, {p})."
            )
        return (
            f"{what} {measure.distance:.0f} points of the borders, against reviews of {_reference(report)} "
            f"({measure.talks} and {measure.reference} reviews, {p})."
        )
    return (
        f"{_WHAT[measure.name]} has drifted from {_reference(report)}: {measure.by} {measure.distance:.2f}, of which "
        f"chance explains {measure.expected:.2f} ({measure.talks} and {measure.reference} talks, {p})."
    )


def _reference(report: DriftReport) -> str:
    return "what the champion was trained on" if report.against == "training data" else "the talks before"
