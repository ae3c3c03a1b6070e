"""VGGish (Hershey et al. 2017): 128 numbers of the last 0.96 s, before its PCA; by weights in torchvggish's layout."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from errata.domain.modality import Modality
from errata.errors import Unavailable
from errata.features.extractor import Vector
from errata.features.network_weights import load_weights, weights_name
from errata.features.patches import BANDS, WINDOWS, Patch, patches


class VggishNetwork(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[torch.nn.Module] = []
        channels = 1
        for width in (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool"):
            if isinstance(width, int):
                layers += [torch.nn.Conv2d(channels, width, 3, padding=1), torch.nn.ReLU()]
                channels = width
            else:
                layers.append(torch.nn.MaxPool2d(2))
        self.features = torch.nn.Sequential(*layers)
        flat = channels * (WINDOWS // 16) * (BANDS // 16)
        embeddings: list[torch.nn.Module] = []
        for inputs, outputs in ((flat, 4096), (4096, 4096), (4096, 128)):
            embeddings += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        self.embeddings = torch.nn.Sequential(*embeddings)

    def forward(self, patch: torch.Tensor) -> torch.Tensor:
        """(rows, 1, windows, bands) to (rows, 128)."""
        maps = self.features(patch).permute(0, 2, 3, 1)  # TensorFlow's order, in which the weights were trained
        found: torch.Tensor = self.embeddings(maps.flatten(1))
        return found


class Vggish:
    modality: Modality = "audio"
    tokens = 1
    size = 128

    def __init__(self, network: VggishNetwork, version: str) -> None:
        self._network, self.version = network, version

    def vectors(self, media: str, rate: float) -> Iterator[tuple[float, Vector]]:
        for time, patch in patches(media, rate):
            yield time, self.of(patch)

    @torch.inference_mode()
    def of(self, patch: Patch) -> Vector:
        """(1, 128)"""
        found: Vector = self._network(torch.from_numpy(patch)[None, None]).numpy()
        return found


def vggish(weights: str) -> Vggish:
    """By the file `weights`. Raises Unavailable without one."""
    if not weights:
        raise Unavailable(
            "vggish needs weights, which no package brings; name them, as vggish=vggish-10086976.pth (torchvggish's "
            "releases), or take cepstra, which needs none"
        )
    network = VggishNetwork()
    load_weights(network, weights)
    return Vggish(network, f"vggish@1-{weights_name(weights)}")
