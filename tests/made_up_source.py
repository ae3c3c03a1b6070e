"""GGUF files as people bring them: a random model a few thousand weights large, with the tokenizer inside."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.made_up_model import _WORDS

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
"""llama.cpp's kinds of tokens."""
TEXT = _WORDS + "12.5 minutes, (a) list: 'tools'! " * 5


@dataclass
class Vocabulary:
    model: str
    """`llama`: pieces with scores, as SentencePiece has them; `gpt2`: pieces with merges."""
    tokens: list[str]
    kinds: list[int]
    scores: list[float]
    merges: list[str]
    special: dict[str, int]


def sentencepiece_vocabulary() -> Vocabulary:
    """As Gemma's: scored pieces, bytes for what is unknown, runs of blanks as tokens of their own."""
    from tokenizers import Tokenizer, models, trainers

    inner = Tokenizer(models.BPE())
    inner.train_from_iterator([TEXT.replace(" ", "▁")] * 3, trainers.BpeTrainer(vocab_size=300, max_token_length=12))
    pieces = sorted(inner.get_vocab(), key=lambda piece: inner.token_to_id(piece) or 0)
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    own = ["\n\n", "  ", "[tag]"]
    raw = [f"<0x{byte:02X}>" for byte in range(256)]
    kinds = [CONTROL] * 3 + [UNKNOWN] + [USER_DEFINED] * len(own) + [BYTE] * len(raw) + [NORMAL] * len(pieces)
    scores = [-1000.0] * (len(kinds) - len(pieces)) + [-float(rank) for rank in range(len(pieces))]
    ids = {"padding": 0, "eos": 1, "bos": 2, "unknown": 3}
    return Vocabulary("llama", [*special, *own, *raw, *pieces], kinds, scores, [], ids)


def byte_pair_vocabulary() -> Vocabulary:
    """As Qwen's: byte-level pieces, with the merges that make them."""
    import json

    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    inner: Tokenizer = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(
        [TEXT], trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=alphabet)
    )
    tokens = sorted(inner.get_vocab(), key=lambda piece: inner.token_to_id(piece) or 0)
    kinds = [CONTROL if token in special else NORMAL for token in tokens]
    merges = [" ".join(pair) for pair in json.loads(inner.to_str())["model"]["merges"]]
    return Vocabulary("gpt2", tokens, kinds, [], merges, {"eos": 0, "padding": 0})


def gemma(vocabulary: int) -> PreTrainedModel:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    return Gemma3ForCausalLM(
        Gemma3TextConfig(
            vocab_size=vocabulary,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=6,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            query_pre_attn_scalar=16,
            max_position_embeddings=1024,
            sliding_window=64,
            initializer_range=0.2,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=2,
        )
    )


def qwen(vocabulary: int) -> PreTrainedModel:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=vocabulary,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=1024,
            initializer_range=0.2,
            tie_word_embeddings=True,
            eos_token_id=0,
            bos_token_id=None,
        )
    )


Builder = Callable[[int], Any]
SHAPES: dict[str, tuple[Builder, Callable[[], Vocabulary]]] = {
    "gemma3": (gemma, sentencepiece_vocabulary),
    "qwen2": (qwen, byte_pair_vocabulary),
}


def write_source(path: Path, architecture: str = "gemma3", kind: str = "F16", **changes: Any) -> PreTrainedModel:
    """Writes a random model with its tokenizer to `path`, its matrices in `kind`, and returns it.

    `changes` are keys that the file has besides or instead; a value of None leaves the key out.
    """
    import gguf
    import torch

    torch.manual_seed(1)
    build, make = SHAPES[architecture]
    vocabulary = make()
    model = build(len(vocabulary.tokens))
    writer = gguf.GGUFWriter(str(path), architecture)
    _describe(writer, model.config, architecture)
    _write_vocabulary(writer, vocabulary, changes)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[architecture.upper()], model.config.num_hidden_layers)
    for name, weights in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        values = weights.float().numpy() + (1 if architecture == "gemma3" and "norm" in name else 0)
        stored = gguf.GGMLQuantizationType[kind if values.ndim > 1 else "F32"]
        data = gguf.quants.quantize(np.ascontiguousarray(values, dtype=np.float32), stored)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), data, raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return model


def _describe(writer: Any, config: Any, architecture: str) -> None:
    heads = config.num_attention_heads
    writer.add_name("A made-up model")
    writer.add_license("cc0-1.0")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if architecture == "gemma3":
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
        writer.add_sliding_window(config.sliding_window)
        writer.add_rope_freq_base(config.rope_parameters["full_attention"]["rope_theta"])
    else:
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])


def _write_vocabulary(writer: Any, vocabulary: Vocabulary, changes: dict[str, Any]) -> None:
    import gguf

    keys: dict[str, Any] = {"model": vocabulary.model, "pre": "qwen2" if vocabulary.merges else "default", **changes}
    if keys["model"] is None:
        return
    writer.add_tokenizer_model(keys["model"])
    writer.add_tokenizer_pre(keys["pre"])
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types([gguf.TokenType(kind) for kind in vocabulary.kinds])
    if vocabulary.scores:
        assert all(map(math.isfinite, vocabulary.scores))
        writer.add_token_scores(vocabulary.scores)
        writer.add_add_bos_token(True)
        writer.add_add_space_prefix(bool(keys.get("add_space_prefix", False)))
    if vocabulary.merges:
        writer.add_token_merges(vocabulary.merges)
    for name, token in {**vocabulary.special, **keys.get("special", {})}.items():
        if token is not None:
            writer.add_uint32(f"tokenizer.ggml.{name}_token_id", token)
    if keys.get("chat_template"):
        writer.add_chat_template(keys["chat_template"])
