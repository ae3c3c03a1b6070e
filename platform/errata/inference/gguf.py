"""GGUF without llama.cpp: its files, dequantised and run by transformers.

So the very weights of the file are scored, exactly as they were rounded, where `llama.py` can't run: llama.cpp's own
kernels round activations too, and may pick another token where two are all but equal.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, GgufConfig

from errata.errors import BadInput, missing_extra
from errata.files import write_json
from errata.inference.artefact import tokenizer_files
from errata.inference.library_noise import silence_libraries
from errata.inference.torch import TorchEngine


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
    _save(_load(gguf_file(folder)), out)
    for path in tokenizer_files(folder):
        shutil.copyfile(path, out / path.name)


def _save(model: Any, out: Path) -> None:
    """By hand: transformers saves no model that came out of a GGUF file."""
    config = {name: value for name, value in model.config.to_dict().items() if name != "quantization_config"}
    write_json(out / "config.json", config)
    tied = {"lm_head.weight"} if model.config.tie_word_embeddings else set()
    weights = {name: value.contiguous() for name, value in model.state_dict().items() if name not in tied}
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})


def _load(path: Path) -> Any:
    try:
        import gguf  # noqa: F401 - transformers reads the files by it
    except ModuleNotFoundError as error:
        raise missing_extra("gguf is not installed, so GGUF files can't be read", "gguf") from error
    silence_libraries()
    try:
        return AutoModelForCausalLM.from_pretrained(
            path.parent,
            gguf_file=path.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
            local_files_only=True,
        )
    except (ValueError, KeyError, OSError, NotImplementedError) as error:
        raise BadInput(f"{path} can't be read as a GGUF model ({' '.join(str(error).split())[:200]})") from error
