"""How fast this machine multiplies matrices and reads memory, measured in a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from errata.inference.compute_device import Device, best_device

_SIDE, _ROWS = 1024, 512
_LARGE = 4096
"""A matrix of that side, in fp32, is larger than a cache."""
_LEAST = 0.3
"""Seconds that a measurement takes at least; the quickest of its turns counts, since others may be at work here."""


@dataclass(frozen=True, slots=True)
class MachineSpeed:
    device: Device
    operations: float
    """Floating-point operations a second of a matrix product, in the numbers that a model answers in: bf16 on an NVIDIA
    GPU, fp32 elsewhere."""
    bf16_operations: float
    """The same in bf16, in which some processors train."""
    bandwidth: float
    """Bytes of weights a second, where one token passes at a time."""


def measure_speed(threads: int | None = None) -> MachineSpeed:
    """With as many threads as torch has, or with `threads` of them."""
    device, before = best_device(), torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        rows, side = _random(_ROWS, _SIDE, device), _random(_SIDE, _SIDE, device)
        matrix, vector = _random(_LARGE, _LARGE, device), _random(_LARGE, 1, device)
        halves = rows.bfloat16(), side.bfloat16()
        product = _quickest(lambda: rows @ side, device)
        half_product = _quickest(lambda: halves[0] @ halves[1], device)
        read = _quickest(lambda: matrix @ vector, device)
    finally:
        torch.set_num_threads(before)
    work = 2 * _ROWS * _SIDE * _SIDE
    return MachineSpeed(device, work / product, work / half_product, matrix.numel() * matrix.element_size() / read)


def _random(height: int, width: int, device: Device) -> torch.Tensor:
    return torch.rand(height, width, device=device, dtype=torch.bfloat16 if device == "cuda" else torch.float32)


def _quickest(work: Callable[[], torch.Tensor], device: Device) -> float:
    """Seconds."""
    work()
    quickest, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < _LEAST:
        start = time.perf_counter()
        work()
        if device != "cpu":
            torch.accelerator.synchronize()
        quickest = min(quickest, time.perf_counter() - start)
    return quickest
