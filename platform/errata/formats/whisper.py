"""Whisper's JSON, which WhisperX and the tools around faster-whisper write too: one file is one transcript.

    {"segments": [{"start": 0.0, "end": 4.2, "text": " Hello there.", "speaker": "SPEAKER_00", "words": […]}], …}

A bare list of such segments is taken as well, and JSONL with one a line. `speaker` is WhisperX's. A segment without a
start or an end has that of its first or last word that has one, as alignment leaves it. Other keys are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from errata.files import JsonObject
from errata.formats.fields import mapping, objects
from errata.formats.json_files import parse, parse_lines
from errata.formats.talk import Speech


def fits(content: Any) -> bool:
    if isinstance(content, dict):
        return "segments" in content
    return isinstance(content, list) and any(_is_segment(item) for item in content)


def _is_segment(item: Any) -> bool:
    # what has a length in the place of its end is youtube-transcript-api's
    return isinstance(item, dict) and {"start", "text"} <= set(item) and ("end" in item or "duration" not in item)


def speech(text: str) -> Speech:
    """Raises BadInput, with the segment that can't be read."""
    first, _, rest = text.strip().partition("\n")
    value = parse_lines(text) if rest.lstrip().startswith("{") and first.rstrip().endswith("}") else parse(text)
    segments = value if isinstance(value, list) else mapping(value, "the file").get("segments")
    return [_line(segment) for segment in objects(segments, "segments", "segment")]


def _line(segment: JsonObject) -> JsonObject:
    # Alignment leaves a word, or a whole segment, without times where it could not place it.
    listed = segment.get("words")
    words = [word for word in listed if isinstance(word, dict)] if isinstance(listed, list) else []
    return {
        "start": _first(item.get("start") for item in [segment, *words]),
        "end": _first(item.get("end") for item in [segment, *reversed(words)]),
        "text": segment.get("text"),
        "speaker": segment.get("speaker"),
    }


def _first(times: Iterable[Any]) -> Any:
    return next((time for time in times if time is not None), None)
