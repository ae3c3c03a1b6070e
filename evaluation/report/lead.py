"""What a night means to somebody who reads no statistics: better or worse than what, by how much, and what is live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from evaluation.report.content import Report
from evaluation.report.figures import number, plural
from evaluation.report.verdict import ContenderVerdict


def lead(report: Report, verdict: ContenderVerdict | None) -> tuple[str, ...]:
    """Sentences, the most important first; empty where a night is only known by its scores."""
    sentences = [] if verdict is None else [_difference(verdict)]
    return (*sentences, *_in_service(report, verdict), *_since_day0(report))


def dateline(report: Report) -> str:
    """When and where: the night's label, the day on which it ended where that isn't its label, the workspace."""
    label, ended = report.evaluation.night, report.ended_on
    parts = [f"Night {label}"]
    if ended and ended != label:
        parts.append(_day(ended))
    if report.workspace:
        parts.append(f"workspace {report.workspace}")
    return " · ".join(parts)


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


def _difference(verdict: ContenderVerdict) -> str:
    primary, name = verdict.primary, verdict.name
    if primary.effect is None:
        return f"The {name} was compared with the champion on no item, so nothing can be said of it."
    points = f"{number(abs(primary.effect))} points of F1"
    side = "better" if primary.effect > 0 else "worse"
    on = f"on {plural(primary.n, 'talk')} that people reviewed"
    if primary.low is None or primary.high is None:
        return f"The {name} scored {points} {side} than the champion {on}: too few to tell that from chance."
    if primary.low > 0 or primary.high < 0:
        nearer, farther = sorted((abs(primary.low), abs(primary.high)))
        plausible = f"{number(nearer)} to {number(farther)} is plausible"
        verb = "is" if verdict.promoted else "scored"
        return f"The {name} {verb} {points} {side} than the champion {on}; {plausible}."
    return (
        f"The {name} scored {points} {side} than the champion {on}, but anything from {number(abs(primary.low))} worse "
        f"to {number(primary.high)} better is plausible."
    )


def _in_service(report: Report, verdict: ContenderVerdict | None) -> Iterator[str]:
    service = report.in_service
    if service is None:
        return
    exports = f", on {' and '.join(service.exports)} too" if service.exports else ""
    if verdict is not None and verdict.promoted:
        held = [export.target for export in verdict.exports if export.status != "ships"]
        but = f"; held back: {' and '.join(held)}" if held else ""
        yield f"It is live since this night{exports}{but}."
    elif service.is_day0:
        yield f"Live, as before: Day-0, the model that this workspace began with{exports}."
    else:
        since = f" of night {service.since}" if service.since else ""
        yield f"Live, as before: the champion{since}{exports}."


def _since_day0(report: Report) -> Iterator[str]:
    """By how much the model that is in force leads Day-0, on tonight's items."""
    means = report.evaluation.means
    now, first = means.get(report.champion_name), means.get("day0")
    if report.in_service is None or report.in_service.is_day0 or now is None or first is None:
        return
    if now.f1 is None or first.f1 is None:
        return
    gain = now.f1 - first.f1
    side = "better" if gain > 0 else "worse"
    yield (
        f"On tonight’s {plural(now.n, 'talk')} it scores {number(now.f1)} of 100 where Day-0 scores "
        f"{number(first.f1)}: {number(abs(gain))} points {side} than at the beginning."
    )
