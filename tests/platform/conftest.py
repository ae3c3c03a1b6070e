"""A tokenizer small enough to make on the spot, with and without a chat template; a record on either database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from errata.database.record import Record
from errata.tasks.templates.inline import MARKERS
from tests.platform.postgres import Server, started

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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with started() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, empty: Path, tmp_path: Path) -> Iterator[Record]:
    """An empty record, on SQLite and on PostgreSQL."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        made = server.record(tmp_path / "blobs")
        yield made
        made.close()
        server.take_back(made)
    else:
        shutil.copyfile(empty, tmp_path / "errata.db")
        made = Record(f"sqlite:///{tmp_path / 'errata.db'}", tmp_path / "blobs")
        yield made
        made.close()
