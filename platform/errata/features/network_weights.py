"""Weights from a file of somebody else's: safetensors, or a .pth that is read as tensors and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError  # what torch raises of a file that holds more than tensors; nothing is unpickled

import torch

from errata.errors import BadInput
from errata.files import file_sha256


def weights_name(path: str) -> str:
    """By which features that these weights made are told from others'."""
    return file_sha256(Path(path))[:8]


def load_weights(network: torch.nn.Module, path: str, renamed: Callable[[str], str] = lambda name: name) -> None:
    """Into `network`, in evaluation mode. Raises BadInput for a file of another network, or one that is damaged, or
    that holds anything but tensors."""
    try:
        if path.endswith(".safetensors"):
            from safetensors.torch import load_file

            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)  # tensors alone: nothing else is read
        network.load_state_dict({renamed(name): tensor for name, tensor in tensors.items()})
    except (OSError, RuntimeError, ValueError, AttributeError, EOFError, UnpicklingError) as error:
        reason = " ".join(str(error).split())[:300]
        raise BadInput("the weights {} can't be loaded ({}); get them anew", path, reason) from error
    network.eval()  # no dropout, and fixed statistics, while it looks
