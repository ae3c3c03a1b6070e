"""What a chunk of a recording takes of a context: frames by its length and their rate, tokens by places or by pixels.

A model that reads vectors takes as many places for each as its extractor gives. One that reads pixels makes a token of
each square of so many pixels, of frames that follow each other: Qwen2-VL and Qwen2.5-VL of 28 × 28 pixels in two frames
(patches of 14, four of them merged), Qwen3-VL of 32 × 32 in two.

    frames = frames_of(20 * 60, rate=1)                      # 1,200
    picture_tokens(640, 360, frames)                         # 179,400
    largest_picture(24_576, frames, width=16, height=9)      # (196, 112)
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PixelTokens:
    """Of what a vision model makes one token."""

    side: int = 28
    """Pixels, of a square."""
    frames: int = 2
    """That follow each other."""


def frames_of(seconds: float, rate: float) -> int:
    """Of a chunk of that length, at `rate` a second: one at least."""
    return max(1, math.floor(seconds * rate + 1e-9))  # 0.1 is a little more than a tenth


def picture_tokens(width: int, height: int, frames: int, by: PixelTokens = PixelTokens()) -> int:
    """Of `frames` pictures, each scaled to whole squares as its sides round, to one at least."""
    columns, rows = (max(1, round(side / by.side)) for side in (width, height))
    return columns * rows * _groups(frames, by)


def largest_picture(
    tokens: int, frames: int, width: float = 16, height: float = 9, by: PixelTokens = PixelTokens()
) -> tuple[int, int] | None:
    """Width and height in pixels of the largest pictures, in about the proportion of `width` to `height`, of which
    `frames` take no more than `tokens`. None where not even one square of each fits."""
    squares = tokens // _groups(frames, by)
    if squares < 1:
        return None
    ratio = width / height
    rows = math.floor(math.sqrt(squares / ratio) + 0.5 / ratio) + 1  # columns are rounded: so many may just fit
    while rows > 1 and rows * _columns(rows, ratio) > squares:
        rows -= 1
    return min(squares, _columns(rows, ratio)) * by.side, rows * by.side


def _columns(rows: int, ratio: float) -> int:
    return max(1, round(rows * ratio))


def _groups(frames: int, by: PixelTokens) -> int:
    return -(-frames // by.frames)
