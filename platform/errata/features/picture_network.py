"""A network that looks at pictures: what it makes of the whole, and of nine parts of it where ten places are asked for
(3 × 3, averaged, as VideoLLM-online's live1+ has them)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch.nn.functional import adaptive_avg_pool2d

from errata.domain.modality import Modality
from errata.features.decoded_media import Picture, pictures
from errata.features.extractor import Vector

Look = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""Pictures (1, 3, side, side) to the whole's vector (1, size) and the map before it was pooled, (1, size, h, w)."""


@dataclass(frozen=True, slots=True)
class PictureShape:
    """What a network was trained to look at."""

    height: int
    """Pixels along the shorter side, of which `side` × `side` in the middle are taken."""
    side: int
    mean: tuple[float, float, float]
    """Of each colour, from 0 to 1,"""
    deviation: tuple[float, float, float]
    """by which it is scaled."""


class PictureExtractor:
    modality: Modality = "video"

    def __init__(self, version: str, look: Look, shape: PictureShape, size: int, places: int) -> None:
        self.version = version if places == 1 else f"{version}:{places}"
        self.size, self.tokens = size, places
        self._look, self._shape = look, shape

    def vectors(self, media: str, rate: float) -> Iterator[tuple[float, Vector]]:
        for time, picture in pictures(media, rate, self._shape.height, self._shape.side):
            yield time, self.of(picture)

    @torch.inference_mode()
    def of(self, picture: Picture) -> Vector:
        """(tokens, size)"""
        colours = torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255
        mean, deviation = (torch.tensor(value)[:, None, None] for value in (self._shape.mean, self._shape.deviation))
        whole, parts = self._look(((colours - mean) / deviation)[None])
        if self.tokens == 1:
            return whole.numpy()
        nine = adaptive_avg_pool2d(parts, 3).flatten(2)[0].T
        return torch.cat([whole, nine]).numpy()
