"""Podcasting 2.0 transcripts in JSON; in WebVTT and SubRip, `webvtt` and `srt` read them, and `podcast_html` in HTML.

    {"version": "1.0.0", "segments": [{"speaker": "Ann", "startTime": 0.5, "endTime": 2.0, "body": "Hello there."}]}

A segment without an end lasts until the next begins. The chapters lie beside it (`podcast_chapters`).
Source: docs/examples/transcripts/transcripts.md in Podcastindex-org/podcast-namespace.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from errata.files import JsonObject
from errata.formats.fields import mapping, objects
from errata.formats.json_files import parse
from errata.formats.talk import Speech


def fits(content: Any) -> bool:
    segments = content.get("segments") if isinstance(content, dict) else None
    return isinstance(segments, list) and any(isinstance(item, dict) and "startTime" in item for item in segments)


def speech(text: str) -> Speech:
    """Raises BadInput, with the segment that can't be read."""
    segments = objects(mapping(parse(text), "the file").get("segments"), "segments", "segment")
    # The last segment follows itself: without an end of its own it ends where it begins.
    return [_line(segment, following) for segment, following in pairwise([*segments, *segments[-1:]])]


def _line(segment: JsonObject, following: JsonObject) -> JsonObject:
    end = segment.get("endTime")
    return {
        "start": segment.get("startTime"),
        "end": following.get("startTime") if end is None else end,
        "text": segment.get("body"),
        "speaker": segment.get("speaker"),
    }
