"""SigLIP's view of pictures (Zhai et al. 2023), by transformers: as VideoLLM-online saw its streams."""

from __future__ import annotations

from pathlib import Path

import torch

from errata.errors import Unavailable
from errata.features.network_weights import weights_name
from errata.features.picture_network import PictureExtractor, PictureShape

NAME = "google/siglip-large-patch16-384"


def siglip(places: int, weights: str) -> PictureExtractor:
    """By a folder, or a name on the hub of what was fetched before. Raises Unavailable without it."""
    from transformers import SiglipVisionModel

    name = weights or NAME
    try:
        network = SiglipVisionModel.from_pretrained(name, local_files_only=True, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"SigLIP's weights {name} are not here; fetch them (`hf download {name}`), or name a folder that has them, "
            "as siglip=FOLDER"
        ) from error
    network.eval()
    config = network.config
    shape = PictureShape(config.image_size, config.image_size, (0.5,) * 3, (0.5,) * 3)
    across = config.image_size // config.patch_size

    def look(colours: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = network(colours)
        return found.pooler_output, found.last_hidden_state.transpose(1, 2).unflatten(2, (across, across))

    files = sorted(Path(name).glob("*.safetensors"))
    version = f"siglip@1-{weights_name(str(files[0])) if files else name.rpartition('/')[2]}"
    return PictureExtractor(version, look, shape, config.hidden_size, places)
