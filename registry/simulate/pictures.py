"""Two pictures of the preset `sequential` for `docs/gate.md`, as SVG: how a bet goes, and what is found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from errata.files import write_atomically
from registry.simulate.contenders import Contenders
from registry.simulate.rules import SequentialRule
from registry.simulate.worlds import CHANNELS, ITEMS, night
from registry.simulate.years import share_found

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 24, 52
"""Margins around the plot, in pixels."""
GREY, BLUE, GREEN, RED, INK = "#9aa0a6", "#1a73e8", "#188038", "#c5221f", "#202124"
SHOWN = 30
"""Challengers of each kind whose bets are drawn."""
GAINS = (-2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
CORRELATIONS = ((0.0, GREEN), (0.05, BLUE), (0.2, RED))

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    title: str

    def share(self, value: float) -> float:
        """Of the way from low to high."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


class Plot:
    """Lines over two axes."""

    def __init__(self, x: Axis, y: Axis, title: str) -> None:
        self._x, self._y = x, y
        size = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "font-family": "sans-serif", "font-size": "13", "fill": INK}
        self._svg = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
        ElementTree.SubElement(self._svg, "title").text = title
        ElementTree.SubElement(self._svg, "rect", {"width": "100%", "height": "100%", "fill": "white"})
        self._axes()

    def line(self, points: Sequence[Point], colour: str, width: float = 2.0, opacity: float = 1.0) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self._place(*point) for point in points))
        style = {"stroke": colour, "stroke-width": f"{width}", "opacity": f"{opacity}", "fill": "none"}
        ElementTree.SubElement(self._svg, "polyline", {"points": path, **style})

    def label(self, at: Point, text: str, colour: str) -> None:
        """Right of a point."""
        x, y = self._place(*at)
        self._text(x + 6, y + 4, text, "start", colour)

    def text(self) -> str:
        ElementTree.indent(self._svg)
        return ElementTree.tostring(self._svg, encoding="unicode") + "\n"

    def _axes(self) -> None:
        x, y = self._x, self._y
        for value, name in y.ticks:
            self.line([(x.low, value), (x.high, value)], "#e8eaed", 1)
            at = self._place(x.low, value)
            self._text(at[0] - 8, at[1] + 4, name, "end", INK)
        for value, name in x.ticks:
            at = self._place(value, y.low)
            self._text(at[0], at[1] + 20, name, "middle", INK)
        self._text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x.title, "middle", INK)
        self._text(LEFT - 52, TOP - 8, y.title, "start", INK)

    def _place(self, x: float, y: float) -> Point:
        across, up = self._x.share(x), self._y.share(y)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def _text(self, x: float, y: float, text: str, anchor: str, colour: str) -> None:
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "fill": colour}
        ElementTree.SubElement(self._svg, "text", place).text = text


def write_pictures(folder: Path, repetitions: int, seed: int) -> None:
    """`wealth.svg` and `found.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "wealth.svg", wealth_picture(seed))
    write_atomically(folder / "found.svg", found_picture(repetitions, seed))


def wealth_picture(seed: int) -> str:
    """What bettors on equal challengers have, and on some that gain 5 points, night after night."""
    rule = SequentialRule.of(1).rule
    most, asked = ITEMS * rule.nights, math.log10(rule.challengers)
    nights = tuple((float(ITEMS * number), f"night {number}") for number in range(1, rule.nights + 1))
    times = tuple((float(power), f"{10.0**power:g}" if power < 0 else f"{10**power:,}") for power in range(-2, 7, 2))
    plot = Plot(Axis(0, most, nights, "fresh items"), Axis(-2, 6, times, "times the stake"), "What bettors have")
    for gain, colour in ((0.0, GREY), (5.0, GREEN)):
        for path in wealth_paths(gain, rule.nights, seed):
            plot.line(path, colour, 1.2, 0.7)
    plot.line([(0, asked), (most, asked)], RED, 2)
    plot.label((most, asked), f"{rule.challengers} times: better", RED)
    plot.label((most, 4.6), "truly +5 points", GREEN)
    plot.label((most, -0.6), "no better", GREY)
    return plot.text()


def wealth_paths(gain: float, nights: int, seed: int) -> list[list[Point]]:
    """By challenger: items, and the decimal logarithm of what who bets on it has."""
    contenders = Contenders(replace(night(icc=0.05), effect=gain), SHOWN, np.random.default_rng(seed))
    paths: list[list[Point]] = [[(0.0, 0.0)] for _ in range(SHOWN)]
    for number in range(1, nights + 1):
        contenders.gather()
        for path, wealth in zip(paths, contenders.log_wealth.tolist(), strict=True):
            path.append((float(ITEMS * number), wealth / math.log(10)))
    return paths


def found_picture(repetitions: int, seed: int) -> str:
    """How often a challenger is promoted within its nights, by its true gain."""
    count, nights = max(1, repetitions // 4), SequentialRule.of(1).nights
    gains = tuple((gain, f"{gain:+.0f}" if gain else "0") for gain in GAINS)
    shares = tuple((share / 100, f"{share} %") for share in range(0, 101, 20))
    x = Axis(GAINS[0], GAINS[-1], gains, f"true gain in points ({ITEMS} items a night, {CHANNELS} channels)")
    plot = Plot(x, Axis(0, 1, shares, f"promoted within {nights} nights"), "What is found")
    for rank, (correlation, colour) in enumerate(CORRELATIONS):
        points = []
        for gain in GAINS:
            world = replace(night(icc=correlation), effect=gain)
            points.append((gain, share_found(world, SequentialRule.of(count), nights, count, seed)))
        plot.line(points, colour)
        plot.label((GAINS[-1], 1 - 0.07 * rank), f"correlation {correlation:g}", colour)
    return plot.text()
