"""A random Llama with a tokenizer of its own, made on the spot: the smallest thing that can be exported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.inference.artefact import SEEN, Card, seal

_WORDS = "so today we talk about gardens and soil and tools then the weather and a question from the audience " * 20


def _save_tokenizer(folder: Path) -> int:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from errata.tasks.templates.inline import MARKERS

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|pad|>", "<|eos|>", *MARKERS]
    inner.train_from_iterator(
        [_WORDS], trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|eos|>", pad_token="<|pad|>")
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


def make_model(folder: Path) -> str:
    """A full model of about 0.2 M parameters, whose configuration names another end of sequence than its tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=_save_tokenizer(folder),
        hidden_size=128,
        intermediate_size=192,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.2,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    Card("inline", 256, training_watermark=12).write(folder)
    (folder / SEEN).write_text(json.dumps(["a" * 64]))
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


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models are kept, with a full one in it."""
    folder = tmp_path_factory.mktemp("models")
    identity = make_model(folder / "new")
    (folder / "new").rename(folder / identity[:16])
    return folder


@pytest.fixture(scope="session")
def base(models: Path) -> Path:
    return next(models.iterdir())


@pytest.fixture(scope="session")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from errata.inference.artefact import verify

    folder = tmp_path_factory.mktemp("adapter")
    make_adapter(folder, base, verify(base))
    return folder


@pytest.fixture
def record(tmp_path: Path) -> Record:
    made = Record(f"sqlite:///{tmp_path / 'errata.db'}", tmp_path / "blobs")
    made.migrate()
    return made
