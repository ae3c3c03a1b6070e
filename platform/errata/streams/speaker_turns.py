"""Who speaks when: vectors of voices along what is said, put into clusters, and lines cut where the voice changes.

Average-linkage clustering by cosine distance, up to a threshold, so that nobody says how many speakers there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from errata.files import JsonObject
from errata.streams.audio_track import AudioTrack
from errata.streams.recognition import line_of
from errata.streams.voices import WINDOW, VoiceEncoder

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


def with_speakers(
    lines: Sequence[JsonObject], track: AudioTrack, encoder: VoiceEncoder
) -> tuple[list[JsonObject], int]:
    """The lines, each with its `speaker` as WhisperX names them, and how many speakers there are.

    A line with `words` that two people share becomes several. Where one voice is all that is heard, nobody is named.
    """
    spans = [span for line in lines for span in _windows(line["start"], line["end"])]
    vectors = encoder.embed([track.read(start, end) for start, end in spans])
    labels = _speakers(vectors)
    count = len(set(labels))
    if count < 2:
        return [dict(line) for line in lines], count
    named: list[JsonObject] = []
    at = 0
    for line in lines:
        own = len(_windows(line["start"], line["end"]))
        named += _turns(line, spans[at : at + own], labels[at : at + own])
        at += own
    return named, count


def _windows(start: float, end: float) -> list[Span]:
    """Windows along a line, the last of which ends with it; a short line has one, around its middle if need be."""
    if end - start <= WINDOW:
        middle, half = (start + end) / 2, max(end - start, _SHORTEST) / 2
        return [(max(0.0, middle - half), middle + half)]
    steps = int((end - start - WINDOW) / STEP)
    spans = [(start + at * STEP, start + at * STEP + WINDOW) for at in range(steps + 1)]
    return spans if end - spans[-1][1] < STEP / 2 else [*spans, (end - WINDOW, end)]


def _speakers(vectors: NDArray[np.float32]) -> list[int]:
    """The speaker of each window, numbered in order of their first word."""
    import numpy as np

    if len(vectors) < 2:
        return [0] * len(vectors)
    chosen = np.linspace(0, len(vectors) - 1, min(len(vectors), _MOST)).round().astype(int)
    centres = _centres(vectors[chosen])
    nearest = (vectors @ centres.T).argmax(axis=1)
    order = list(dict.fromkeys(nearest.tolist()))
    return [order.index(label) for label in nearest.tolist()]


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


def _turns(line: JsonObject, spans: Sequence[Span], labels: Sequence[int]) -> list[JsonObject]:
    words = line.get("words")
    if not words:
        return [{**line, "speaker": _name(max(set(labels), key=list(labels).count))}]
    middles = [(start + end) / 2 for start, end in spans]

    def speaker(word: JsonObject) -> int:
        middle = (word["start"] + word["end"]) / 2
        return labels[min(range(len(middles)), key=lambda at: abs(middles[at] - middle))]

    return [{**line_of(list(turn)), "speaker": _name(label)} for label, turn in groupby(words, key=speaker)]


def _name(label: int) -> str:
    return f"SPEAKER_{label:02d}"
