"""GGUF without llama.cpp: its files, dequantised and run by transformers.

So the very weights of the file are scored, exactly as they were rounded, where `llama.py` can't run: llama.cpp's own
kernels round activations too, and may pick another token where two are all but equal.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, GgufConfig

from errata.errors import BadInput, missing_extra
from errata.files import write_json
from errata.inference.artefact import tokenizer_files
from errata.inference.library_noise import silence_libraries
from errata.inference.torch import TorchEngine

_OF_THE_FILE = ("quantization_config", "_name_or_path", "_model_name_or_path")


class GgufEngine(TorchEngine):
    """Of a folder as `gguf_file` has it. Raises BadInput where transformers can't read the file."""

    def __init__(self, folder: Path) -> None:
        with TemporaryDirectory() as place:
            unpack(folder, Path(place))
            super().__init__(Path(place))


def gguf_file(folder: Path) -> Path:
    """The one .gguf file in `folder`, beside which lie the model's own tokenizer files: the one inside a GGUF file is
    read otherwise by every program. Raises BadInput where either is missing."""
    weights = sorted(folder.glob("*.gguf"))
    if len(weights) != 1:
        raise BadInput(f"{folder} holds {len(weights)} .gguf files; name the one that is meant")
    if not (folder / "tokenizer.json").is_file():
        raise BadInput(f"{folder} has no tokenizer.json; put the model's tokenizer files beside its .gguf file")
    return weights[0]


def unpack(folder: Path, out: Path) -> None:
    """Writes the model in `folder` to `out` as safetensors, in fp32, with its tokenizer."""
    save_weights(load_weights(gguf_file(folder)), out)
    for path in tokenizer_files(folder):
        shutil.copyfile(path, out / path.name)


def save_weights(model: Any, out: Path) -> None:
    """By hand: transformers saves no model that came out of a GGUF file. Where the file lay is left out."""
    config = {name: value for name, value in model.config.to_dict().items() if name not in _OF_THE_FILE}
    config |= {"architectures": [type(model).__name__], "dtype": str(model.dtype).removeprefix("torch.")}
    write_json(out / "config.json", config)
    tied = {"lm_head.weight"} if model.config.tie_word_embeddings else set()
    weights = {name: value.contiguous() for name, value in model.state_dict().items() if name not in tied}
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})


def load_weights(path: Path) -> Any:
    """The model in a .gguf file, in fp32. Raises BadInput where transformers can't read it."""
    if find_spec("gguf") is None:  # by which transformers reads the files
        raise missing_extra("gguf is not installed, so GGUF files can't be read", "gguf")
    silence_libraries()
    try:
        file = {"gguf_file": path.name, "local_files_only": True}
        config = _corrected(AutoConfig.from_pretrained(path.parent, **file))
        return AutoModelForCausalLM.from_pretrained(
            path.parent, config=config, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32, **file
        )
    except (ValueError, KeyError, OSError, NotImplementedError) as error:
        raise BadInput(f"{path} can't be read as a GGUF model ({' '.join(str(error).split())[:200]})") from error


def _corrected(config: Any) -> Any:
    """Gemma 3 divides attention by the root of a head's size (llama.cpp), where transformers takes 256 for all."""
    if config.model_type == "gemma3_text":
        config.query_pre_attn_scalar = config.head_dim
    return config
