"""YouTube's own captions as its server sends them: json3, and srv1, srv2 and srv3 in XML. One file is one transcript.

    {"events": [{"tStartMs": 160, "dDurationMs": 4390, "segs": [{"utf8": "hello"}, {"utf8": " you"}]}, …]}
    <timedtext format="3"><body><p t="160" d="4390">hello you</p></body></timedtext>        srv3, and srv2 with <text>
    <transcript><text start="0.16" dur="4.39">hello you</text></transcript>                 srv1

Events without words set up a window or break a line. One without a start goes on where the one before it ended.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.cues import unescape_text
from errata.formats.fields import mapping, objects, text, time, written_number
from errata.formats.json_files import parse
from errata.formats.talk import Speech
from errata.formats.xml_files import local_name, parse_xml

_ROOT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:timedtext|transcript)[\s>]")


def fits(content: Any) -> bool:
    if isinstance(content, str):
        return _ROOT.match(content) is not None
    events = content.get("events") if isinstance(content, dict) else None
    return isinstance(events, list) and any(isinstance(event, dict) and "segs" in event for event in events)


def speech(content: str) -> Speech:
    """Raises BadInput, with the event that can't be read."""
    return _xml(content) if content.lstrip().startswith("<") else _json3(content)


def _json3(content: str) -> Speech:
    lines: Speech = []
    for at, event in enumerate(objects(mapping(parse(content), "the file").get("events"), "events", "event")):
        if event.get("segs") is not None:
            lines.append(_event(event, f"event {at}", lines[-1]["end"] if lines else 0.0))
    return lines


def _event(event: JsonObject, what: str, before: float) -> JsonObject:
    parts = objects(event["segs"], f"{what}'s segs", f"{what}'s part")
    start = time(event.get("tStartMs", before * 1000), f"{what}'s tStartMs")
    length = time(event.get("dDurationMs", 0), f"{what}'s dDurationMs")
    words = "".join(text(part.get("utf8", ""), f"{what}'s utf8") for part in parts)
    return {"start": start / 1000, "end": (start + length) / 1000, "text": words, "speaker": None}


def _xml(content: str) -> Speech:
    lines: Speech = []
    for element in parse_xml(content).iter():
        if local_name(element) in ("p", "text"):
            lines.append(_paragraph(element, len(lines) + 1, lines[-1]["end"] if lines else 0.0))
    if not lines:
        raise BadInput("no <p> or <text> is in it; export it again")
    return lines


def _paragraph(element: Element, number: int, before: float) -> JsonObject:
    # srv1 counts in seconds, the others in milliseconds
    unit = 1.0 if "start" in element.attrib or "dur" in element.attrib else 1000.0
    start, length = (element.get(long) or element.get(short) for long, short in (("start", "t"), ("dur", "d")))
    begin = before if start is None else written_number(start, f"paragraph {number}'s start") / unit
    end = begin + (0.0 if length is None else written_number(length, f"paragraph {number}'s duration") / unit)
    words = unescape_text("".join(element.itertext()))  # YouTube escapes what is in srv1 twice
    return {"start": begin, "end": round(end, 3), "text": words, "speaker": None}
