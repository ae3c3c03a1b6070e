"""SubRip captions: one `.srt` file is one transcript, and a cue is a line of it.

`Ann: ` before the first cue's words says that the file names its speakers so, and only where they change, as podcasts
write it. Otherwise `[ANN]: ` may stand before the words, as WhisperX writes it; else they are all text. Numbers may be
missing, and tags of style are left out.
Source: docs/examples/transcripts/transcripts.md in Podcastindex-org/podcast-namespace.
"""

from __future__ import annotations

import re
from typing import Any

from errata.files import JsonObject
from errata.formats.cues import Cue, carry_speakers, cues, is_first, split_bracketed_speaker, unroll, without_tags
from errata.formats.talk import Speech

_NUMBER = re.compile(r"\d+")
_NEVER = re.compile(r"(?!)")
_POSITION = re.compile(r"\{\\[^{}]*\}")
_SPEAKER = re.compile(r"([^\W\d_a-z][\w.'’-]{0,40}(?: [^\W\d_a-z][\w.'’-]{0,40}){0,3}):\s+")
"""One to four words with capitals, and a colon."""


def fits(content: Any) -> bool:
    return isinstance(content, str) and is_first(content)


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    plain = [_plain(cue) for cue in cues(text, _NUMBER, _NEVER)]
    lines = [_line(cue) for cue in unroll(plain)]
    if _SPEAKER.match(lines[0]["text"]):
        return carry_speakers([_split_speaker(line) for line in lines])
    return [split_bracketed_speaker(line) for line in lines]


def _plain(cue: Cue) -> Cue:
    lines = [_POSITION.sub("", without_tags(line)).strip() for line in cue.lines]
    return cue._replace(lines=tuple(filter(None, lines)))


def _line(cue: Cue) -> JsonObject:
    return {"start": cue.start, "end": cue.end, "text": " ".join(cue.lines).strip(), "speaker": None}


def _split_speaker(line: JsonObject) -> JsonObject:
    match = _SPEAKER.match(line["text"])
    return line if match is None else line | {"speaker": match[1], "text": line["text"][match.end() :]}
