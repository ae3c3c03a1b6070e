"""What makes vectors of a medium; one a file in `extractors/`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from errata.domain.modality import Modality
from errata.errors import BadInput
from errata.features.feature_store import Features

Vector = NDArray[np.float32]
"""(tokens, size): of one moment."""


class Extractor(Protocol):
    modality: Modality
    tokens: int
    """Places that a vector takes in a prompt."""
    size: int
    """Numbers at each."""

    @property
    def version(self) -> str:
        """`name@version`, and by which weights: equal names mean equal numbers."""
        ...

    def vectors(self, media: str, rate: float) -> Iterator[tuple[float, Vector]]:
        """So many a second of the recording, or stream, at `media`, as it is read; each with the time in seconds at
        which it is known: it is made from what lies before, and from nothing after.

        Raises BadInput for what can't be decoded, after what came before the fault.
        """
        ...


def extract(extractor: Extractor, media: str, rate: float) -> Features:
    """All of a recording. Raises BadInput where there is nothing of the extractor's medium in it."""
    times: list[float] = []
    vectors: list[NDArray[np.float16]] = []
    for time, vector in extractor.vectors(media, rate):
        times.append(time)
        vectors.append(vector.astype(np.float16))
    if not vectors:
        raise BadInput(f"{media} has no {extractor.modality} long enough for one vector at {rate:g} a second")
    return Features(np.stack(vectors), np.array(times))
