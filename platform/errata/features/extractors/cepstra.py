"""What VGGish sees in 128 numbers that need no weights: of the two-dimensional cosine transform of a patch of 0.96 s,
the corner of 16 slow changes over the bands by 8 over time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.fft import dctn

from errata.domain.modality import Modality
from errata.features.extractor import Vector
from errata.features.patches import patches

OVER_TIME, OVER_BANDS = 8, 16


class Cepstra:
    modality: Modality = "audio"
    tokens = 1
    size = OVER_TIME * OVER_BANDS
    version = "cepstra@1"

    def vectors(self, media: str, rate: float) -> Iterator[tuple[float, Vector]]:
        for time, patch in patches(media, rate):
            corner = dctn(patch, norm="ortho")[:OVER_TIME, :OVER_BANDS]
            yield time, corner.reshape(1, -1).astype(np.float32)
