"""SubRip captions: one `.srt` file is one transcript, and a cue is a line of it.

Speakers stand before the words, as `speakers` has it. Numbers may be missing; tags of style are left out, and what is
shown again is read once (`repeats`).
Source: docs/examples/transcripts/transcripts.md in Podcastindex-org/podcast-namespace.
"""

from __future__ import annotations

import re
from typing import Any

from errata.files import JsonObject
from errata.formats.cues import Cue, cues, is_first, unescape_text, without_tags
from errata.formats.repeats import said_once
from errata.formats.speakers import split_speakers
from errata.formats.talk import Speech

_NUMBER = re.compile(r"\d+")
_NEVER = re.compile(r"(?!)")
_POSITION = re.compile(r"\{\\[^{}]*\}")


def fits(content: Any) -> bool:
    return isinstance(content, str) and is_first(content)


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    raw = list(cues(text, _NUMBER, _NEVER))
    return split_speakers([_line(cue) for cue in said_once(raw, [_plain(cue) for cue in raw])])


def _plain(cue: Cue) -> Cue:
    lines = [unescape_text(_POSITION.sub("", without_tags(line))).strip() for line in cue.lines]
    return cue._replace(lines=tuple(filter(None, lines)))


def _line(cue: Cue) -> JsonObject:
    return {"start": cue.start, "end": cue.end, "text": " ".join(cue.lines).strip(), "speaker": None}
