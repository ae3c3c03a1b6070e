"""whisper.cpp's JSON (`-oj`, `-ojf`): one file is one transcript.

    {"transcription": [{"offsets": {"from": 0, "to": 6000}, "text": " We splice the rope.", "speaker": "0"}, …], …}

Offsets are milliseconds; `speaker` is that of `--diarize`, in which ? is nobody known.
"""

from __future__ import annotations

from typing import Any

from errata.files import JsonObject
from errata.formats.fields import mapping, objects, time
from errata.formats.json_files import parse
from errata.formats.talk import Speech


def fits(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("transcription"), list)


def speech(text: str) -> Speech:
    """Raises BadInput, with the segment that can't be read."""
    segments = objects(mapping(parse(text), "the file").get("transcription"), "transcription", "segment")
    return [_line(segment, f"segment {at}") for at, segment in enumerate(segments)]


def _line(segment: JsonObject, what: str) -> JsonObject:
    offsets = mapping(segment.get("offsets"), f"{what}'s offsets")
    start, end = (time(offsets.get(name), f"{what}'s {name}") / 1000 for name in ("from", "to"))
    speaker = segment.get("speaker")
    return {"start": start, "end": end, "text": segment.get("text"), "speaker": None if speaker == "?" else speaker}
