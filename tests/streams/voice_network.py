"""Resemblyzer's voices as a network of pyannote.audio's, whose own are gated: a pipeline loads it from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import torch
from pyannote.audio import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications

from errata.streams.voices import WINDOW, VoiceEncoder

_RATE = 16_000
_SIZE = 256


class VoiceNetwork(Model):
    def __init__(self, sample_rate: int = _RATE, num_channels: int = 1, task: Any = None) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self._encoder = VoiceEncoder()

    @property
    def dimension(self) -> int:
        return _SIZE

    def forward(self, waveforms: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Of each waveform [1, samples] the mean vector of what `weights` [frames] leaves of it. Shape [waves, 256]."""
        shown = [None] * len(waveforms) if weights is None else list(weights)
        return torch.stack([self._voice(wave[0], mask) for wave, mask in zip(waveforms, shown, strict=True)])

    def _voice(self, wave: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        if weights is not None:
            shown = torch.nn.functional.interpolate(weights[None, None], size=len(wave))[0, 0]
            wave = wave[shown > 0.5] if bool((shown > 0.5).any()) else wave
        long = round(WINDOW * _RATE)
        windows = [wave[begin : begin + long].numpy() for begin in range(0, max(1, len(wave) - long // 2), long // 2)]
        return torch.from_numpy(self._encoder.embed(windows)).mean(0)


def save_voice_network(path: Path) -> None:
    """As a checkpoint that pyannote.audio loads."""
    network = VoiceNetwork()
    network.specifications = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0)
    checkpoint = {
        "state_dict": {},
        "hyper_parameters": {"sample_rate": _RATE, "num_channels": 1},
        "pytorch-lightning_version": lightning.__version__,
        "loops": {},
    }
    network.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, path)
