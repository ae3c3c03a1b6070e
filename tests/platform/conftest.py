"""A tokenizer small enough to make on the spot, with and without a chat template."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from errata.tasks.templates.inline import MARKERS

_WORDS = "so today we talk about gardens and soil and tools then the weather and a question from the audience " * 20


def _tokenizer() -> PreTrainedTokenizerFast:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    inner.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|eos|>", *MARKERS]
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    inner.train_from_iterator([_WORDS], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|eos|>", pad_token="<|pad|>")


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return _tokenizer()


@pytest.fixture(scope="session")
def chat_tokenizer() -> PreTrainedTokenizerFast:
    made = _tokenizer()
    made.chat_template = (
        "{% for m in messages %}<|seg|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|seg|>assistant\n{% endif %}"
    )
    return made
