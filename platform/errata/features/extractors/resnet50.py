"""ResNet-50 (He et al. 2016), torchvision's: 2,048 numbers of a picture."""

from __future__ import annotations

from pathlib import Path

import torch

from errata.errors import Unavailable
from errata.features.network_weights import load_weights, weights_name
from errata.features.picture_network import PictureExtractor, PictureShape

_SHAPE = PictureShape(256, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def resnet50(places: int, weights: str) -> PictureExtractor:
    """By the file `weights`, or what torchvision has fetched before. Raises Unavailable without either, or without
    torchvision."""
    try:
        from torchvision.models import resnet50 as build
    except ImportError as error:
        raise Unavailable(
            f"resnet50 needs torchvision, which can't be imported ({error}); install the one that belongs to this "
            "torch, or take efficientnet-lite0"
        ) from error
    path = weights or _fetched()
    network: torch.nn.Module = build(weights=None)
    load_weights(network, path)
    modules = dict(network.named_children())
    trunk = torch.nn.Sequential(*(module for name, module in modules.items() if name not in ("avgpool", "fc")))

    def look(colours: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        parts = trunk(colours)
        return parts.mean((2, 3)), parts

    return PictureExtractor(f"resnet50@1-{weights_name(path)}", look, _SHAPE, 2048, places)


def _fetched() -> str:
    kept = sorted(Path(torch.hub.get_dir(), "checkpoints").glob("resnet50-*.pth"))
    if not kept:
        raise Unavailable(
            f"there are no weights of resnet50 in {Path(torch.hub.get_dir(), 'checkpoints')}; name a file of "
            "torchvision's, as resnet50=resnet50-11ad3fa6.pth"
        )
    return str(kept[-1])
