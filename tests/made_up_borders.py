"""Reviewed borders of a model that is surer than it should be."""

from __future__ import annotations

import numpy as np

from evaluation.calibration import ReviewedBorder


def borders(count: int, slope: float = 0.5, shift: float = -0.5, seed: int = 0) -> list[ReviewedBorder]:
    """In talks of five borders from a dozen channels, every fourth of them reviewed without a draft."""
    draw = np.random.default_rng(seed)
    held = draw.beta(3, 1, size=count)
    right = draw.random(count) < 1 / (1 + np.exp(-slope * np.log(held / (1 - held)) - shift))
    return [
        ReviewedBorder(float(each), bool(kept), f"channel {place // 5 % 12}", place // 5, place // 5 % 4 == 0)
        for place, (each, kept) in enumerate(zip(held, right, strict=True))
    ]
