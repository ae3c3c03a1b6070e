"""A random Llama with a tokenizer of its own, made on the spot: the smallest thing that can answer, learn and ship."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from errata.domain.transcript import Segment, Transcript
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, seal
from errata.tasks.templates.inline import MARKERS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_WORDS = "so today we talk about gardens and soil and tools then the weather and a question from the audience " * 20
SAID = _WORDS.split()[:16]
"""Words that the tokenizer knows, so that a talk of them is short in tokens."""


def familiar_talk(name: str, turn: int = 0) -> Transcript:
    """Six lines of words that the tokenizer knows, ten seconds each; every fourth turn says the same."""
    texts = (" ".join(SAID[turn % 4 + line : turn % 4 + line + 4]) for line in range(6))
    return Transcript(name, tuple(Segment(10.0 * line, 10.0 * line + 9, text) for line, text in enumerate(texts)), 60.0)


def make_tokenizer(spaced: bool = True) -> PreTrainedTokenizerFast:
    """420 tokens: bytes, the markers of `inline`, and pieces of a few English words.

    `spaced` puts a space before every text, as errata-tiny's does; those of Qwen and Llama don't.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=spaced)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|pad|>", "<|eos|>", *MARKERS]
    inner.train_from_iterator(
        [_WORDS], trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|eos|>", pad_token="<|pad|>")


def make_model(
    folder: Path, template: str = "inline", context: int = 256, seed: int = 0, seen: Sequence[str] = ("a" * 64,)
) -> str:
    """A full model of about 0.2 M parameters, whose configuration names another end of sequence than its tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tokenizer = make_tokenizer(spaced=template == "inline")
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=192,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2 * context,
        initializer_range=0.2,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    Card(template, context, training_watermark=12).write(folder)
    (folder / TRAINING_TRANSCRIPTS).write_text(json.dumps(list(seen)))
    return seal(folder)


def make_adapter(folder: Path, base: Path, identity: str) -> str:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base), LoraConfig(r=4, target_modules=["q_proj", "v_proj", "down_proj"])
    )
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.5)
    model.save_pretrained(folder)
    Card("inline", 256, form="adapter", base=identity, training_watermark=40).write(folder)
    return seal(folder)
