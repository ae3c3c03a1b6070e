"""A model's shape and weights as llama.cpp names, orders and reads them.

After llama.cpp's `convert_hf_to_gguf.py`; the names of tensors are the `gguf` package's own. What llama.cpp takes for
granted in an architecture, and a model has otherwise, is refused: such a file would load, and answer nonsense.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from errata.errors import BadInput
from registry.export.build import OTHER_TARGET

if TYPE_CHECKING:
    from gguf import GGUFWriter

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Architecture:
    name: str
    """llama.cpp's."""
    rotates_neighbours: bool = False
    """llama.cpp rotates a head's neighbouring numbers, where transformers rotates its halves."""
    norms_from_one: bool = False
    """transformers stores how far a norm's weights are from 1, llama.cpp the weights."""


ARCHITECTURES = {
    "llama": Architecture("llama", rotates_neighbours=True),
    "qwen2": Architecture("qwen2"),
    "qwen3": Architecture("qwen3"),
    "gemma3_text": Architecture("gemma3", norms_from_one=True),
}
"""By transformers' `model_type`."""
GEMMA_PERIOD = 6
"""Every sixth layer of a Gemma 3 sees the whole context, the others a window: fixed in llama.cpp."""
GEMMA_LOCAL_ROPE = 10_000.0
"""Base of the rotary embedding in those others; fixed too."""


class Weights:
    """Of the full model in `folder`, which is not loaded but read tensor by tensor. Raises BadInput, by name, for a
    model that llama.cpp would read otherwise."""

    def __init__(self, folder: Path) -> None:
        from errata.inference.architectures import AutoConfig

        self._folder, self._config = folder, AutoConfig.from_pretrained(folder, local_files_only=True)
        kind = str(self._config.model_type)
        if kind not in ARCHITECTURES:
            known = ", ".join(name.removesuffix("_text") for name in ARCHITECTURES)
            raise BadInput(f"this is a {kind} model, and .gguf files are written of {known} alone; {OTHER_TARGET}")
        self._kind = ARCHITECTURES[kind]
        if fault := _unlike_llama_cpp(self._config):
            raise BadInput(f"llama.cpp has no {kind} with {fault}; {OTHER_TARGET}")

    @property
    def architecture(self) -> str:
        return self._kind.name

    @property
    def vocabulary(self) -> int:
        """Rows of the embedding, of which a tokenizer may have fewer."""
        return int(self._config.vocab_size)

    def describe(self, writer: GGUFWriter) -> None:
        config = self._config
        writer.add_type("model")
        writer.add_vocab_size(config.vocab_size)
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_key_length(_head_size(config))
        writer.add_value_length(_head_size(config))
        writer.add_rope_dimension_count(_head_size(config))
        writer.add_rope_freq_base(_rope(config)["rope_theta"])
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        if self.architecture == "gemma3":
            writer.add_sliding_window(config.sliding_window)

    def tensors(self) -> Iterator[tuple[str, Floats]]:
        """llama.cpp's names, and the values as it reads them. Raises BadInput for a tensor that it has no name for."""
        import gguf
        from safetensors import safe_open

        names = gguf.get_tensor_name_map(
            gguf.MODEL_ARCH[self.architecture.upper()], int(self._config.num_hidden_layers)
        )
        for path in sorted(self._folder.glob("*.safetensors")):
            with safe_open(path, "pt") as file:  # numpy has no bfloat16
                for own in file.keys():  # noqa: SIM118 - it is no mapping
                    if own == "lm_head.weight" and self._config.tie_word_embeddings:
                        continue
                    name = names.get_name(own, try_suffixes=(".weight", ".bias"))
                    if name is None:
                        raise BadInput(f"llama.cpp has no name for the model's {own}; {OTHER_TARGET}")
                    yield name, self._as_read(own, file.get_tensor(own).float().numpy())
        if _rope(self._config)["rope_type"] == "llama3":
            yield "rope_freqs.weight", _llama3_factors(_rope(self._config), _head_size(self._config))

    def _as_read(self, name: str, values: Floats) -> Floats:
        if self._kind.norms_from_one and name.endswith("norm.weight"):
            return values + np.float32(1)
        heads = {"q_proj": self._config.num_attention_heads, "k_proj": self._config.num_key_value_heads}
        layer = name.split(".")[-2]
        if self._kind.rotates_neighbours and layer in heads:
            halves = values.reshape(heads[layer], 2, values.shape[0] // heads[layer] // 2, *values.shape[1:])
            return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
        return values


def _head_size(config: Any) -> int:
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _rope(config: Any) -> dict[str, Any]:
    """The rotary embedding's parameters: of a Gemma 3, those of the layers that see everything."""
    rope: dict[str, Any] = config.rope_parameters
    full: dict[str, Any] = rope.get("full_attention", rope)
    return full


def _unlike_llama_cpp(config: Any) -> str:
    """What llama.cpp takes for granted and this model has otherwise; empty for none."""
    rope = _rope(config)["rope_type"]
    if rope != "default" and (rope, config.model_type) != ("llama3", "llama"):
        return f"positions of the type {rope}"
    if config.model_type == "gemma3_text":
        return _unlike_gemma(config)
    if getattr(config, "use_sliding_window", False):
        return "a sliding window"
    return ""


def _unlike_gemma(config: Any) -> str:
    full = [kind == "full_attention" for kind in config.layer_types]
    local = config.rope_parameters["sliding_attention"]
    if full != [place % GEMMA_PERIOD == 0 for place in range(1, len(full) + 1)]:
        return "another order of windowed layers"
    if (local["rope_type"], local["rope_theta"]) != ("default", GEMMA_LOCAL_ROPE):
        return "other positions in windowed layers"
    if config.query_pre_attn_scalar != config.head_dim:
        return "another scale of attention"
    if config.final_logit_softcapping or config.attn_logit_softcapping:
        return "softcapping"
    return ""


def _llama3_factors(rope: dict[str, Any], size: int) -> Floats:
    """By how much each frequency is slowed down, shape (size / 2,): Llama 3.1's scaling, as transformers computes it
    (`_compute_llama3_parameters`)."""
    waves = 2 * math.pi * rope["rope_theta"] ** (np.arange(0, size, 2) / size)
    seen = rope["original_max_position_embeddings"] / waves
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    smooth = np.clip((seen - low) / (high - low), 0, 1)
    return np.asarray(1 / ((1 - smooth) / factor + smooth), dtype=np.float32)
