"""As a recogniser writes that knows neither punctuation nor capitals."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from retrain.alterations.titled_lines import Altered

_PUNCTUATION = re.compile(r"[^\w\s'’-]|(?<!\w)['’-]|['’-](?!\w)")


def unpunctuated(transcript: Transcript, chapters: Chapters, _: Random) -> Altered:
    segments = tuple(
        replace(line, text=" ".join(_PUNCTUATION.sub(" ", line.text).lower().split()) or line.text)
        for line in transcript.lines
    )
    return replace(transcript, segments=segments), chapters
