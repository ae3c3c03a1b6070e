"""Lines without what says who speaks: a name before the words, brackets, `>>`, a dash."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.formats.speakers import split_speakers
from retrain.alterations.titled_lines import Altered, altered_talk, labelled_lines

_CHANGE = re.compile(r"\s*(?:>>|[-–—]\s)\s*")


def no_speaker_labels(transcript: Transcript, chapters: Chapters, _: Random) -> Altered | None:
    lines = labelled_lines(transcript, chapters)
    spoken = split_speakers([{"text": line.segment.text, "speaker": None} for line in lines])
    bare = []
    for line, speech in zip(lines, spoken, strict=True):
        text = _CHANGE.sub("", speech["text"], count=1) if _CHANGE.match(speech["text"]) else speech["text"]
        segment = replace(line.segment, text=text or line.segment.text, speaker=None)
        bare.append(replace(line, segment=segment))
    return altered_talk(transcript, bare, transcript.duration)
