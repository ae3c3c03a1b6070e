"""A Llama written as a GGUF file, as llama.cpp's own converter writes it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from registry.export.gguf_tokenizer import write_tokenizer

Array = np.ndarray[Any, np.dtype[np.float32]]


def write_gguf(model: Path, folder: Path, quantised: bool = False) -> Path:
    """The weights of the full model in `model`, in F32 or, quantised, its matrices in Q8_0; its tokenizer beside it."""
    import gguf
    from safetensors.numpy import load_file

    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(model / name, folder / name)
    config = json.loads((model / "config.json").read_text())
    path = folder / f"model-{'Q8_0' if quantised else 'F32'}.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    _describe(writer, config)
    write_tokenizer(writer, model, config["vocab_size"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, values in load_file(model / "model.safetensors").items():
        stored = _as_stored(name, values.astype(np.float32), config)
        kind = gguf.GGMLQuantizationType.Q8_0 if quantised and stored.ndim == 2 else gguf.GGMLQuantizationType.F32
        data = stored if kind == gguf.GGMLQuantizationType.F32 else gguf.quants.quantize(stored, kind)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: Any, config: dict[str, Any]) -> None:
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def _as_stored(name: str, values: Array, config: dict[str, Any]) -> Array:
    """llama.cpp rotates neighbours where transformers rotates halves: queries and keys are stored in another order."""
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}.get(name.split(".")[-2])
    if heads is None:
        return values
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
