"""Log-mel spectra of sound: windows of 25 ms, one every 10 ms, of which each is known at its end. No window looks
ahead, and nothing is scaled by what a whole recording is like: what is known at a time stays, whatever follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from errata.features.decoded_media import SAMPLE_RATE

WINDOW, HOP, FFT = 400, 160, 512
"""Samples."""
HOPS_A_SECOND = SAMPLE_RATE // HOP

Spectrum = NDArray[np.float32]


def mel_filters(bands: int, low: float, high: float) -> NDArray[np.float64]:
    """(bands, frequencies) triangles, equally wide on HTK's mel scale, 1127 ln(1 + f / 700), and 1 at their peaks."""
    frequencies = np.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1)
    edges = np.linspace(_mel(np.array(low)), _mel(np.array(high)), bands + 2)
    below, peak, above = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    places = _mel(frequencies)[None]
    rising, falling = (places - below) / (peak - below), (above - places) / (above - peak)
    triangles: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return triangles


def _mel(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(frequency / 700.0)


def log_mel(blocks: Iterable[NDArray[np.float32]], filters: NDArray[np.float64], floor: float) -> Iterator[Spectrum]:
    """ln(mel + floor) of each window, (bands,), as soon as its samples have come, in whatever blocks they do."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        samples = np.concatenate([samples, block])
        count = (len(samples) - WINDOW) // HOP + 1
        if count < 1:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[: count * HOP : HOP]
        for window in windows:  # one by one: many at once are rounded otherwise than few
            amplitudes = np.abs(np.fft.rfft(window * hann, FFT))
            yield np.log(filters @ amplitudes + floor).astype(np.float32)
        samples = samples[count * HOP :]


def known_at(window: int) -> float:
    """The end, in seconds, of the window of that number."""
    return (window * HOP + WINDOW) / SAMPLE_RATE
