"""How often borders are right, by how sure the model was of them, laid out in the units of an SVG; the template draws
it. What lies on the diagonal is as sure as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from errata.documents.calibration import Calibration, Reliability, ReliabilityBin
from evaluation.report.figures import plural

BESIDE, ABOVE, BENEATH, EDGE = 44.0, 28.0, 46.0, 14.0
TICKS = (0, 25, 50, 75, 100)

Stage = Literal["given", "calibrated"]
STAGE_NAMES: dict[Stage, str] = {"given": "as the model gives it", "calibrated": "calibrated"}


@dataclass(frozen=True)
class BinPoint:
    x: float
    y: float
    low: float | None
    high: float | None
    title: str


@dataclass(frozen=True)
class ReliabilityLine:
    name: Stage
    text: str
    points: tuple[BinPoint, ...]
    line: str
    """`points` of a polyline."""


@dataclass(frozen=True)
class ReliabilityDiagram:
    width: float
    height: float
    ticks: tuple[tuple[float, float, str], ...]
    """Place along x, place along y, and the text."""
    lines: tuple[ReliabilityLine, ...]
    summary: str

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the plot."""
        return BESIDE, ABOVE, self.width - EDGE, self.height - BENEATH


def reliability_diagram(calibration: Calibration | None, width: float, height: float) -> ReliabilityDiagram | None:
    """None where nothing was measured, or too little."""
    if calibration is None or calibration.as_given is None or calibration.calibrated is None:
        return None
    stages: tuple[tuple[Stage, Reliability], ...] = (
        ("given", calibration.as_given),
        ("calibrated", calibration.calibrated),
    )
    frame = _Frame(width, height)
    return ReliabilityDiagram(
        width=width,
        height=height,
        ticks=tuple((frame.x(tick / 100), frame.y(tick / 100), f"{tick}") for tick in TICKS),
        lines=tuple(_line(name, reliability.bins, frame) for name, reliability in stages),
        summary=_summary(stages),
    )


@dataclass(frozen=True)
class _Frame:
    width: float
    height: float

    def x(self, share: float) -> float:
        return round(BESIDE + share * (self.width - BESIDE - EDGE), 1)

    def y(self, share: float) -> float:
        return round(ABOVE + (1 - share) * (self.height - ABOVE - BENEATH), 1)


def _line(name: Stage, bins: Sequence[ReliabilityBin], frame: _Frame) -> ReliabilityLine:
    points = tuple(_point(name, each, frame) for each in bins)
    return ReliabilityLine(name, STAGE_NAMES[name], points, " ".join(f"{point.x},{point.y}" for point in points))


def _point(name: Stage, each: ReliabilityBin, frame: _Frame) -> BinPoint:
    title = (
        f"{plural(each.borders, 'border')}, {STAGE_NAMES[name]}: {100 * each.confidence:.0f} % sure, "
        f"{100 * each.right:.0f} % right"
    )
    low, high = (None if end is None else frame.y(end) for end in (each.low, each.high))
    return BinPoint(frame.x(each.confidence), frame.y(each.right), low, high, title)


def _summary(stages: Sequence[tuple[Stage, Reliability]]) -> str:
    """The drawing in words, for those who don't see it."""
    parts = []
    for name, reliability in stages:
        first, last = reliability.bins[0], reliability.bins[-1]
        parts.append(
            f"{STAGE_NAMES[name].capitalize()}: of the borders that it was least sure of, {_held(first)}; "
            f"of the surest, {_held(last)}"
        )
    return f"{'. '.join(parts)}. The table below has every number."


def _held(each: ReliabilityBin) -> str:
    return f"held {100 * each.confidence:.0f} % sure, {100 * each.right:.0f} % were right"
