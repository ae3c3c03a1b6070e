"""Where torch computes: an NVIDIA GPU, an Apple one, or the CPU."""

from __future__ import annotations

from typing import Literal

Device = Literal["cuda", "mps", "cpu"]


def best_device() -> Device:
    """The fastest that torch sees here. Weights are in half precision on `cuda` alone: on `mps` they stay in fp32,
    which every Mac's GPU can do."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
