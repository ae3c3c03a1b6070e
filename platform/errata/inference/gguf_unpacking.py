"""A GGUF file as a model that can be trained: safetensors, a configuration and a tokenizer, in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from errata.documents.source_metadata import SourceMetadata
from errata.errors import BadInput
from errata.files import check_space
from errata.inference.artefact import KEPT_COPIES
from errata.inference.gguf import load_weights, save_weights
from errata.inference.llama_cpp_check import check_model, check_tokenizer
from errata.inference.source_metadata import gguf_metadata, write_source_metadata
from errata.inference.source_tokenizer import rebuilt_tokenizer

HALF = 16
BYTES = 2
"""That a weight takes in bf16."""
_UNREAD = "rope_freqs"
"""Tensors by which llama.cpp stretches rotary embeddings, and which transformers leaves aside."""


def unpack_gguf(path: Path, out: Path) -> SourceMetadata:
    """Writes the model in the file at `path` to the folder `out`; returns what the file says of it.

    Raises BadInput for a file that is damaged, of which a part would get lost, or of which something else is made than
    llama.cpp makes of it; Unavailable without the extra `gguf`, or where there is no room for what comes of it.
    """
    metadata = gguf_metadata(path)
    _check_tensors(metadata)
    check_space(out, KEPT_COPIES * BYTES * metadata.weights, f"{path}, unpacked,")
    tokenizer = rebuilt_tokenizer(metadata)
    check_tokenizer(path, tokenizer)
    model = load_weights(path)
    check_model(path, tokenizer, model)
    tokenizer.save_pretrained(out)
    write_source_metadata(out, metadata)
    save_weights(model.to(_number_type(model, metadata)), out)
    return metadata


def unpack_tokenizer(path: Path, out: Path) -> None:
    """Writes the tokenizer in the file at `path` to the folder `out`; raises as `unpack_gguf` does."""
    tokenizer = rebuilt_tokenizer(gguf_metadata(path))
    check_tokenizer(path, tokenizer)
    tokenizer.save_pretrained(out)


def _check_tensors(metadata: SourceMetadata) -> None:
    unread = [name for name in metadata.tensors if name.startswith(_UNREAD)]
    if unread:
        raise BadInput(
            f"{metadata.file} has {unread[0]}, which transformers leaves aside, so that the model would read long "
            "texts otherwise; give the model's folder, or its id on the hub"
        )


def _number_type(model: Any, metadata: SourceMetadata) -> torch.dtype:
    """bf16 where a weight had 16 bits or fewer: what that rounds off, at most 0.2 % of a weight, is less than what 8 or
    4 bits had rounded off before. fp32 of a file with more, unless bf16 holds its very numbers."""
    half = torch.bfloat16
    if metadata.bits <= HALF or all(torch.equal(weight.to(half).float(), weight) for weight in model.parameters()):
        return half
    return torch.float32
