"""The sound of a recording, as recognisers take it: 16 kHz, one channel, 16 bits."""

from __future__ import annotations

import os
import wave
from pathlib import Path
from typing import TYPE_CHECKING

from errata.errors import BadInput
from errata.features.media_tools import ffmpeg, local_file
from errata.files import check_space
from errata.streams.media_probe import MediaFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
"""Samples a second."""
_WIDTH = 2
"""Bytes a sample."""
_MISSING = 0.05
"""Share of the sound that may be beyond decoding."""


class AudioTrack:
    """The sound, which is read in parts: a stream of ten hours is a gigabyte of samples."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with wave.open(str(path), "rb") as file:
            self._samples = file.getnframes()

    @property
    def duration(self) -> float:
        """Seconds."""
        return self._samples / RATE

    def read(self, start: float, end: float) -> NDArray[np.float32]:
        """Samples between two times in seconds, from −1 to 1; those that are there."""
        import numpy as np

        first = min(max(0, round(start * RATE)), self._samples)
        last = min(max(first, round(end * RATE)), self._samples)
        with wave.open(str(self._path), "rb") as file:
            file.setpos(first)
            data = file.readframes(last - first)
        return np.frombuffer(data, dtype="<i2").astype(np.float32) / np.float32(32768)


def extract_audio(facts: MediaFacts, out: Path) -> AudioTrack:
    """Decodes the first track of sound into the file `out`, unless that is there.

    Silence stands where the recording has a hole, so that samples and times agree. Raises BadInput where there is far
    less sound than recording.
    """
    path = Path(facts.path)
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        check_space(out.parent, round(facts.duration * RATE * _WIDTH), "the sound of a recording")
        partial = out.with_suffix(f".{os.getpid()}.partial")  # ffmpeg outlives a process that is killed
        sound = ["-map", "0:a:0", "-ac", "1", "-ar", str(RATE), "-af", "aresample=async=1:first_pts=0"]
        ffmpeg(["-i", local_file(path), *sound, "-c:a", "pcm_s16le", "-f", "wav", local_file(partial)], path)
        partial.replace(out)
    track = AudioTrack(out)
    stated = facts.audio_duration
    if stated is not None and track.duration < stated * (1 - _MISSING) - 1:
        raise BadInput(
            "{} has {:.0f} s of sound, and {:.0f} s of it can be decoded: it is damaged; get it anew, or put captions "
            "beside it",
            path,
            stated,
            track.duration,
        )
    return track
