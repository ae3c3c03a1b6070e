"""WebVTT captions: one `.vtt` file is one transcript, and a cue is a line of it.

A voice tag (`<v Ann>`) names the speaker. In a file whose first cue has one, it marks the change of speaker and holds
for the cues below it too, as podcasts write it. In a file without voices speakers stand before the words, as `speakers`
has it. Other tags, settings, and blocks of NOTE, STYLE and REGION are left out; what is shown again is read once
(`repeats`).
Source: https://www.w3.org/TR/webvtt1/, and docs/examples/transcripts/transcripts.md in podcast-namespace.
"""

from __future__ import annotations

import re

from errata.formats.cues import Cue, unescape_text, without_tags
from errata.formats.repeats import said_once
from errata.formats.speakers import carry_speakers, split_bracketed_speaker, split_speakers
from errata.formats.talk import Speech
from errata.formats.webvtt_cues import shown_cues

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s([^<>]*))?>")


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    raw = shown_cues(text)
    lines: Speech = []
    for cue in said_once(raw, [_plain(cue) for cue in raw]):
        lines += _voices(cue)
    if lines[0]["speaker"]:
        return carry_speakers(lines)
    if any(line["speaker"] for line in lines):
        return [split_bracketed_speaker(line) for line in lines]
    return split_speakers(lines)


def _plain(cue: Cue) -> Cue:
    lines = [without_tags(line).strip() for line in cue.lines]
    return cue._replace(lines=tuple(filter(None, lines)))


def _voices(cue: Cue) -> Speech:
    """The cue as one line, or as one a voice."""
    without_voice, *voices = _VOICE.split(" ".join(cue.lines))
    parts: list[tuple[str, str | None]] = [(without_voice, None)] if without_voice.strip() or not voices else []
    parts += zip(voices[1::2], voices[::2], strict=True)
    lines: Speech = []
    for text, speaker in parts:
        name = unescape_text(speaker or "").strip() or None
        lines.append({"start": cue.start, "end": cue.end, "text": unescape_text(text), "speaker": name})
    return lines
