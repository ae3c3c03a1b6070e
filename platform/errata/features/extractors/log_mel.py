"""The loudness of 128 bands from 0 to 8 kHz: each vector is the mean, in nats, over the time since the one before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from errata.domain.modality import Modality
from errata.errors import BadInput
from errata.features.decoded_media import SAMPLE_RATE, sound
from errata.features.extractor import Vector
from errata.features.mel_spectrogram import HOPS_A_SECOND, known_at, log_mel, mel_filters


class LogMel:
    modality: Modality = "audio"
    tokens = 1
    size = 128
    version = "log-mel@1"

    def vectors(self, media: str, rate: float) -> Iterator[tuple[float, Vector]]:
        if not 0 < rate <= HOPS_A_SECOND:
            raise BadInput(f"log-mel has up to {HOPS_A_SECOND} vectors a second, and {rate:g} are asked for")
        filters = mel_filters(self.size, 0.0, SAMPLE_RATE / 2)
        gathered: list[Vector] = []
        number = 1
        for window, spectrum in enumerate(log_mel(sound(media), filters, 1e-6)):
            while gathered and known_at(window) > number / rate:
                yield number / rate, np.mean(gathered, axis=0)[None]
                gathered, number = [], number + 1
            gathered.append(spectrum)
