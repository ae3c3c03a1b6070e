"""VGGish's view of sound (Hershey et al. 2017): patches of 0.96 s, 96 windows of 64 bands from 125 to 7,500 Hz."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from errata.errors import BadInput
from errata.features.decoded_media import sound
from errata.features.mel_spectrogram import HOPS_A_SECOND, known_at, log_mel, mel_filters

BANDS, WINDOWS = 64, 96

Patch = NDArray[np.float32]
"""(windows, bands): the last 0.96 s before a time."""


def patches(media: str, rate: float) -> Iterator[tuple[float, Patch]]:
    """`rate` a second, from the first time on at which one is whole, each with its time in seconds."""
    if not 0 < rate <= HOPS_A_SECOND:
        raise BadInput(f"there are up to {HOPS_A_SECOND} patches a second, and {rate:g} are asked for")
    newest: deque[NDArray[np.float32]] = deque(maxlen=WINDOWS)
    number = 1
    for window, spectrum in enumerate(log_mel(sound(media), mel_filters(BANDS, 125.0, 7500.0), 0.01)):
        while known_at(window) > number / rate:
            if len(newest) == WINDOWS:
                yield number / rate, np.stack(newest)
            number += 1
        newest.append(spectrum)
