"""Who speaks when, by their voices: vectors along what is said, put into clusters.

Average-linkage clustering by cosine distance, up to a threshold, so that nobody says how many speakers there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from errata.files import JsonObject
from errata.streams.audio_track import AudioTrack
from errata.streams.speaker_turns import LineTurns, SpeakerTurn
from errata.streams.voices import TOOL, WINDOW, VoiceEncoder, voices_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEP = 0.8
"""Seconds from one window to the next."""
DISTANCE = 0.35
"""Cosine distance up to which two clusters of windows are one voice."""
_LEAST = 3.0
"""Seconds that a voice must speak in all to be a speaker; less goes to the nearest one."""
_MOST = 4000
"""Windows that are clustered, which takes their number squared; of more, so many that are spread evenly decide, and the
others go to the nearest cluster."""
_SHORTEST = 0.4
"""Seconds of a window at the least; a shorter line is heard with what stands around it."""

Span = tuple[float, float]


class VoiceClusters:
    """Windows along each line are its turns."""

    tool = TOOL

    @cached_property
    def _encoder(self) -> VoiceEncoder:
        return VoiceEncoder()

    @property
    def version(self) -> str:
        return voices_version()

    def turns(self, lines: Sequence[JsonObject], track: AudioTrack) -> list[LineTurns]:
        windows = [_windows(line["start"], line["end"]) for line in lines]
        vectors = self._encoder.embed([track.read(start, end) for spans in windows for start, end in spans])
        labels = iter(_speakers(vectors))
        return [[SpeakerTurn(start, end, str(next(labels))) for start, end in spans] for spans in windows]


def _windows(start: float, end: float) -> list[Span]:
    """Windows along a line, the last of which ends with it; a short line has one, around its middle if need be."""
    if end - start <= WINDOW:
        middle, half = (start + end) / 2, max(end - start, _SHORTEST) / 2
        return [(max(0.0, middle - half), middle + half)]
    steps = int((end - start - WINDOW) / STEP)
    spans = [(start + at * STEP, start + at * STEP + WINDOW) for at in range(steps + 1)]
    return spans if end - spans[-1][1] < STEP / 2 else [*spans, (end - WINDOW, end)]


def _speakers(vectors: NDArray[np.float32]) -> list[int]:
    """The cluster of each window."""
    import numpy as np

    if len(vectors) < 2:
        return [0] * len(vectors)
    chosen = np.linspace(0, len(vectors) - 1, min(len(vectors), _MOST)).round().astype(int)
    centres = _centres(vectors[chosen])
    nearest: list[int] = (vectors @ centres.T).argmax(axis=1).tolist()
    return nearest


def _centres(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean vector of each voice that speaks long enough; the largest cluster's where none does."""
    import numpy as np
    from sklearn.cluster import AgglomerativeClustering

    clustering = AgglomerativeClustering(
        n_clusters=None, distance_threshold=DISTANCE, metric="cosine", linkage="average"
    )
    labels = clustering.fit_predict(vectors)
    sizes = np.bincount(labels)
    least = min(_LEAST / STEP, sizes.max())
    centres = [vectors[labels == label].mean(axis=0) for label in np.flatnonzero(sizes >= least)]
    return np.stack([centre / np.linalg.norm(centre) for centre in centres])
