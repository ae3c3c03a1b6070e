"""What a voice sounds like, as a vector: Resemblyzer's encoder, a network of three LSTM layers over mel spectrograms.

Its weights come in the package Resemblyzer, which is not imported: it would bring librosa, a compiler and SciPy's old
names for a spectrogram that PyTorch makes alike. Source: Wan et al., "Generalized End-to-End Loss for Speaker
Verification", 2018, and the package's own `hparams.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from errata.errors import Unavailable
from errata.streams.audio_track import RATE

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

TOOL = "Resemblyzer"
FRAMES = 160
WINDOW = 1.6
"""Seconds of speech that make a vector: FRAMES, of 10 ms each."""
_BINS, _HOP, _MELS, _SIZE, _LAYERS = 400, 160, 40, 256, 3
_LOUDNESS = -30.0
"""dBFS to which what is softer is raised."""
_AT_ONCE = 256
"""Windows in one pass."""


class VoiceEncoder:
    def __init__(self) -> None:
        """Raises Unavailable where the weights are not installed."""
        import torch
        from transformers.audio_utils import mel_filter_bank

        weights = torch.load(_weights(), weights_only=True, map_location="cpu")["model_state"]
        self._lstm = torch.nn.LSTM(_MELS, _SIZE, _LAYERS, batch_first=True).eval()
        self._linear = torch.nn.Linear(_SIZE, _SIZE).eval()
        self._lstm.load_state_dict(_below(weights, "lstm."))
        self._linear.load_state_dict(_below(weights, "linear."))
        bank = mel_filter_bank(
            num_frequency_bins=_BINS // 2 + 1,
            num_mel_filters=_MELS,
            min_frequency=0.0,
            max_frequency=RATE / 2,
            sampling_rate=RATE,
            norm="slaney",
            mel_scale="slaney",
        )
        self._mels = torch.tensor(bank.T, dtype=torch.float32)

    def embed(self, windows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """A unit vector for each window of `WINDOW` seconds of samples; shorter ones are filled with silence.

        Shape [windows, 256].
        """
        import numpy as np

        parts = [self._vectors(windows[begin : begin + _AT_ONCE]).numpy() for begin in range(0, len(windows), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, _SIZE), np.float32)

    def _vectors(self, windows: Sequence[NDArray[np.float32]]) -> torch.Tensor:
        import torch

        with torch.inference_mode():
            spectrograms = torch.stack([self._spectrogram(window) for window in windows])
            _, (hidden, _) = self._lstm(spectrograms)
            vectors = torch.relu(self._linear(hidden[-1]))
            return torch.nn.functional.normalize(vectors, dim=1)

    def _spectrogram(self, samples: NDArray[np.float32]) -> torch.Tensor:
        """Power by frame and mel band, shape [FRAMES, 40]."""
        import torch

        wave = torch.zeros(round(WINDOW * RATE))
        given = torch.tensor(samples[: len(wave)])
        wave[: len(given)] = _raised(given)
        hann = torch.hann_window(_BINS)
        spectrum = torch.stft(wave, _BINS, _HOP, window=hann, pad_mode="constant", return_complex=True)
        return (self._mels @ spectrum.abs().square()).T[:FRAMES]


def _raised(samples: torch.Tensor) -> torch.Tensor:
    """At `_LOUDNESS`, unless it is louder."""
    power = float(samples.square().mean()) if len(samples) else 0.0
    wanted = 10 ** (_LOUDNESS / 10)
    return samples * (wanted / power) ** 0.5 if 0 < power < wanted else samples


def _below(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def require_voices() -> None:
    """Raises Unavailable where the weights are not installed."""
    _weights()


def voices_version() -> str:
    return version(TOOL)


def _weights() -> Path:
    try:
        version(TOOL)
        spec = find_spec("resemblyzer")
    except PackageNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise Unavailable(
            "Resemblyzer, whose weights tell speakers apart, is not installed; in the project's folder run: "
            ".venv/bin/pip install --no-deps Resemblyzer==0.1.4, or say --no-speakers"
        )
    return Path(spec.origin).parent / "pretrained.pt"
