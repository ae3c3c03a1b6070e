"""Speech recognition by faster-whisper, piece by piece: ten hours that are cut short go on where they were.

A piece ends where nobody speaks, so that no word is cut. Words keep their own times, and a line ends at a pause: with a
segment's times alone, which Whisper stretches to the next one's start, no pause would be left to see.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.domain.hashing import content_hash
from errata.errors import BadInput, Unavailable, missing_extra
from errata.files import JsonObject, write_json
from errata.formats.json_files import read_map
from errata.progress import ProgressBar
from errata.streams.audio_track import RATE, AudioTrack
from errata.telemetry import no_telemetry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE = 600.0
"""Seconds that are heard at once: a minute or so of work at stake, and features of 200 MB."""
SEARCHED = 0.5
"""Share of a piece, at its end, in which a silence is looked for."""
_PAUSE = 1.0
"""Seconds: a line ends where nobody speaks for so long."""
_VAD = {"min_silence_duration_ms": 500, "speech_pad_ms": 200}
"""How voice activity is told: shorter silences stay within what is heard at once."""
_SCHEME = 1
"""Of how pieces are cut and heard: those of another are not gone on with."""
TOOL = "faster-whisper"


@dataclass(frozen=True, slots=True)
class Heard:
    segments: list[JsonObject]
    """Whisper's: start, end, text, words, in seconds."""
    language: str


class Recogniser:
    """A model, once loaded, for as many recordings as there are."""

    def __init__(self, model: str, piece: float = PIECE) -> None:
        """`model` is a folder in CTranslate2's layout, or a name that faster-whisper knows, which it downloads. `piece`
        is how many seconds are heard at once.

        Raises Unavailable where faster-whisper is missing, or the model can't be had.
        """
        self.name, self._seconds = model, piece
        self._model = _load(model)

    @property
    def version(self) -> str:
        return f"{version(TOOL)}, {Path(self.name).name if Path(self.name).is_dir() else self.name}"

    def hear(self, track: AudioTrack, language: str, pieces: Path, progress: ProgressBar, name: str) -> Heard:
        """All that is said in a recording. `pieces` is the folder where what was heard is kept meanwhile; `language`
        may be empty, and is told by its first words then."""
        key = content_hash([self.version, self.name, language, self._seconds, _SCHEME])[:16]
        segments: list[JsonObject] = []
        start, number = 0.0, 0
        with progress(f"{name}: recognition", math.ceil(track.duration / self._seconds)) as advance:
            while start < track.duration:
                piece = self._piece(track, start, language, pieces / f"{key}-{number:05d}.json")
                segments += piece["segments"]
                language = language or piece["language"]
                start, number = piece["end"], number + 1
                advance()
        return Heard(segments, language)

    def hear_samples(self, samples: NDArray[np.float32], start: float, language: str) -> Heard:
        """What is said in a piece of sound (RATE a second, one channel, from −1 to 1) that begins at `start` seconds of
        its recording. Raises BadInput for a language that the model doesn't know."""
        spoken = language.partition("-")[0].lower()  # a site may say en-US
        try:
            segments, told = self._model.transcribe(
                samples,
                language=spoken or None,
                vad_filter=True,
                vad_parameters=_VAD,
                word_timestamps=True,
                condition_on_previous_text=False,  # else what it once repeats it repeats to the end
            )
        except ValueError as error:
            if "language" not in str(error):
                raise
            raise BadInput(
                "faster-whisper hears no {!r}; name a language that it knows, such as en, or none", language
            ) from error
        lines = [line for segment in segments for line in _lines(segment, start)]
        return Heard(lines, str(told.language) if lines else "")

    def _piece(self, track: AudioTrack, start: float, language: str, kept: Path) -> JsonObject:
        if kept.exists():
            with suppress(BadInput):
                return read_map(kept)
        end = _end_of_piece(track, start, start + self._seconds)
        heard = self.hear_samples(track.read(start, end), start, language)
        piece = {"end": end, "language": heard.language, "segments": heard.segments}
        write_json(kept, piece)
        return piece


def require_recognition() -> None:
    """Raises Unavailable where faster-whisper is not installed."""
    try:
        version(TOOL)
    except PackageNotFoundError as error:
        raise missing_extra("faster-whisper, which recognises speech, is not installed", "streams") from error


def _load(model: str) -> Any:
    require_recognition()
    no_telemetry()
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(model, device="auto", compute_type="auto")
    except (RuntimeError, ValueError, OSError) as error:  # of CTranslate2, of a name, of the hub
        reason = " ".join(str(error).split())
        raise Unavailable(
            f"the speech model {model!r} can't be loaded ({reason}); name a folder in CTranslate2's layout, or one of "
            "faster-whisper's models, as tiny, small or large-v3, which it downloads once"
        ) from error


def _end_of_piece(track: AudioTrack, start: float, end: float) -> float:
    """In the longest silence near the end; the end itself where somebody speaks all the while. In seconds."""
    if end >= track.duration:
        return track.duration
    begin_search = end - SEARCHED * (end - start)
    return begin_search + place_to_cut(track.read(begin_search, end))


def place_to_cut(samples: NDArray[np.float32]) -> float:
    """The middle of the longest silence in a piece of sound; its end where somebody speaks all the while. In seconds
    from its beginning."""
    no_telemetry()
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    spoken = get_speech_timestamps(samples, VadOptions(min_silence_duration_ms=200, speech_pad_ms=0))
    edges = [0, *(edge for speech in spoken for edge in (speech["start"], speech["end"])), len(samples)]
    silences = [(edges[at + 1] - edges[at], edges[at]) for at in range(0, len(edges), 2)]
    length, begin = max(silences)
    return (begin + length / 2) / RATE if length else len(samples) / RATE


def _lines(segment: Any, offset: float) -> list[JsonObject]:
    """A segment as one line, or as several where there are pauses in it; times from the recording's beginning."""
    words = [
        {"word": word.word, "start": round(word.start + offset, 3), "end": round(word.end + offset, 3)}
        for word in segment.words or ()
    ]
    return [line_of(part) for part in _between_pauses(words)]


def line_of(words: list[JsonObject]) -> JsonObject:
    return {
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "text": "".join(word["word"] for word in words).strip(),
        "words": words,
    }


def _between_pauses(words: Iterable[JsonObject]) -> list[list[JsonObject]]:
    parts: list[list[JsonObject]] = []
    for word in words:
        if parts and word["start"] - parts[-1][-1]["end"] < _PAUSE:
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts
