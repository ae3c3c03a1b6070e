"""TTML and its kin (DFXP, IMSC, EBU-TT), XML captions: a `<p>` with times is a line of the one transcript in the file.

Times are clocks (`00:00:01.500`, `00:00:01:12` with frames) or amounts (`1.5s`, `90f`, `30000t`); `dur` may stand for
`end`, and times count from those of the elements around. `ttm:agent` is the speaker, by the agent's name.
Source: https://www.w3.org/TR/ttml1/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from reprlib import repr as short
from typing import Any
from xml.etree.ElementTree import Element

from errata.errors import BadInput
from errata.formats.ends import with_ends
from errata.formats.talk import Speech
from errata.formats.xml_files import local_name, parse_xml

_CLOCK = re.compile(r"(\d+):([0-5]\d):([0-5]\d)(?:\.(\d+)|:(\d+)(?:\.\d+)?)?", re.ASCII)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)", re.ASCII)
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_ROOT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?tt[\s>]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Clock:
    frames: float
    """A second."""
    ticks: float
    """A second."""


def fits(content: Any) -> bool:
    return isinstance(content, str) and _ROOT.match(content) is not None


def speech(text: str) -> Speech:
    """Raises BadInput, with the paragraph whose time can't be read."""
    root = parse_xml(text)
    clock = _clock(root)
    agents = _agents(root)
    lines: Speech = []
    for paragraph, begin, limit in _paragraphs(root, 0.0, None, clock):
        start, end = _times(paragraph, begin, limit, clock, len(lines) + 1)
        agent = _attribute(paragraph, "agent")
        lines.append({"start": start, "end": end, "text": _words(paragraph), "speaker": agents.get(agent or "", agent)})
    if not lines:
        raise BadInput("no <p> with times is in it; export it again")
    return with_ends(lines)


def _clock(root: Element) -> _Clock:
    rate = _number(_attribute(root, "frameRate"), 30.0)
    multiplier = (_attribute(root, "frameRateMultiplier") or "1 1").replace(":", " ").split()
    if len(multiplier) == 2 and all(part.isdigit() and int(part) for part in multiplier):
        rate *= int(multiplier[0]) / int(multiplier[1])
    return _Clock(rate, _number(_attribute(root, "tickRate"), rate if _attribute(root, "frameRate") else 1.0))


def _number(value: str | None, otherwise: float) -> float:
    return float(value) if value and value.isascii() and value.isdigit() and int(value) else otherwise


def _agents(root: Element) -> dict[str, str]:
    agents: dict[str, str] = {}
    for element in root.iter():
        if local_name(element) == "agent":
            names = [" ".join("".join(inner.itertext()).split()) for inner in element if local_name(inner) == "name"]
            agents[_attribute(element, "id") or ""] = next(filter(None, names), "") or (_attribute(element, "id") or "")
    return agents


def _paragraphs(
    element: Element, begin: float, limit: float | None, clock: _Clock
) -> Iterator[tuple[Element, float, float | None]]:
    """Each paragraph that has a time, its own or one around it, with the begin and the end of what is around it."""
    for inner in element:
        if local_name(inner) == "p":
            if _attribute(inner, "begin") or begin or limit is not None:
                yield inner, begin, limit
        elif local_name(inner) in ("body", "div"):
            own, end = _times(inner, begin, limit, clock, 0)
            yield from _paragraphs(inner, own, end, clock)


def _times(
    element: Element, begin: float, limit: float | None, clock: _Clock, number: int
) -> tuple[float, float | None]:
    def read(name: str) -> float | None:
        value = _attribute(element, name)
        return None if value is None else _seconds(value, clock, f"the {name} of paragraph {number}")

    own, end, duration = read("begin"), read("end"), read("dur")
    start = begin + (own or 0.0)
    if end is not None:
        return start, round(begin + end, 3)
    return start, limit if duration is None else round(start + duration, 3)


def _seconds(value: str, clock: _Clock, what: str) -> float:
    if match := _CLOCK.fullmatch(value.strip()):
        hours, minutes, whole, decimals, frames = match.groups()
        seconds = int(hours) * 3600 + int(minutes) * 60 + int(whole)
        return round(seconds + float(f"0.{decimals or 0}") + int(frames or 0) / clock.frames, 3)
    if match := _AMOUNT.fullmatch(value.strip()):
        amount, unit = float(match[1]), match[2]
        rate = {"f": 1 / clock.frames, "t": 1 / clock.ticks}.get(unit) or _SECONDS[unit]
        return round(amount * rate, 3)
    raise BadInput("{} must be a time such as 00:00:01.500 or 1.5s, not {}", what, short(value))


def _attribute(element: Element, name: str) -> str | None:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)


def _words(element: Element) -> str:
    """The text within, a `<br/>` as a blank."""
    parts: list[str] = [element.text or ""]
    for inner in element:
        parts.append(" " if local_name(inner) == "br" else _words(inner) if local_name(inner) == "span" else "")
        parts.append(inner.tail or "")
    return "".join(parts)
