"""Lines with their speakers: a word is of the turn that it falls into, and a line is cut where the speaker changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from errata.files import JsonObject
from errata.streams.audio_track import AudioTrack
from errata.streams.recognition import line_of


class SpeakerTurn(NamedTuple):
    """A span of time, in seconds, in which somebody is heard."""

    start: float
    end: float
    speaker: str
    """As whoever told the speakers apart calls them."""


LineTurns = list[SpeakerTurn]
"""Those that a line's words may be of; one at the least."""


class SpeakerTeller(Protocol):
    """Tells speakers apart."""

    @property
    def tool(self) -> str: ...

    @property
    def version(self) -> str: ...

    def turns(self, lines: Sequence[JsonObject], track: AudioTrack) -> list[LineTurns]:
        """Of each line; none at all where nobody is heard."""


def with_speakers(lines: Sequence[JsonObject], turns: Sequence[LineTurns]) -> tuple[list[JsonObject], int]:
    """The lines, each with its `speaker` as WhisperX names them, in order of their first word, and how many speakers
    there are.

    A line with `words` that two people share becomes several. Where one voice is all that is heard, nobody is named.
    """
    if not any(turns):
        return [dict(line) for line in lines], 0
    parts = [part for line, own in zip(lines, turns, strict=True) for part in _parts(line, own)]
    names = {speaker: f"SPEAKER_{at:02d}" for at, speaker in enumerate(dict.fromkeys(who for who, _ in parts))}
    if len(names) < 2:
        return [dict(line) for line in lines], len(names)
    return [{**part, "speaker": names[who]} for who, part in parts], len(names)


def _parts(line: JsonObject, turns: LineTurns) -> list[tuple[str, JsonObject]]:
    """Who speaks in a line, and what."""
    words = line.get("words")
    if not words:
        return [(_most_heard(line, turns), line)]
    return [(who, line_of(list(spoken))) for who, spoken in groupby(words, key=lambda word: _speaker_of(word, turns))]


def _speaker_of(word: JsonObject, turns: LineTurns) -> str:
    """Of the turn that its middle falls into, or is nearest to; of several the one in whose midst it is."""
    middle = (word["start"] + word["end"]) / 2

    def distance(turn: SpeakerTurn) -> tuple[float, float]:
        return max(turn.start - middle, middle - turn.end, 0.0), abs((turn.start + turn.end) / 2 - middle)

    return min(turns, key=distance).speaker


def _most_heard(line: JsonObject, turns: LineTurns) -> str:
    """For how long each is heard within the line decides."""
    heard = dict[str, float]()
    for turn in turns:
        within = min(turn.end, line["end"]) - max(turn.start, line["start"])
        heard[turn.speaker] = heard.get(turn.speaker, 0.0) + max(within, 0.0)
    return max(heard, key=lambda speaker: round(heard[speaker], 6))
