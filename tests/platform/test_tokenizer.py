"""A tokenizer is read as transformers' own `AutoTokenizer` would read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoTokenizer, GPT2Tokenizer, PreTrainedTokenizerFast

from errata.inference.tokenizer import load_tokenizer

SAID = "So today — <|seg|> we talk about Gardens, 12.5 'tools'!"


def read_both(folder: Path) -> None:
    ours, theirs = load_tokenizer(folder), AutoTokenizer.from_pretrained(folder)
    assert type(ours) is type(theirs)
    for split in (False, True):
        assert ours.encode(SAID, split_special_tokens=split) == theirs.encode(SAID, split_special_tokens=split)
    assert ours.decode(ours.encode(SAID)) == theirs.decode(theirs.encode(SAID))
    assert (ours.eos_token_id, ours.chat_template) == (theirs.eos_token_id, theirs.chat_template)


@pytest.mark.parametrize("kind", ["tokenizer", "chat_tokenizer"])
def test_the_common_class(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    made: PreTrainedTokenizerFast = request.getfixturevalue(kind)
    made.save_pretrained(tmp_path)
    read_both(tmp_path)


def test_a_class_of_its_own(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    GPT2Tokenizer(vocab=tokenizer.get_vocab(), merges=[], eos_token="<|eos|>").save_pretrained(tmp_path)
    read_both(tmp_path)


def test_the_common_class_needs_none_of_what_models_need(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    asked = (
        "import sys; from pathlib import Path; from errata.inference.tokenizer import load_tokenizer; "
        f"load_tokenizer(Path({str(tmp_path)!r})); sys.exit('transformers.modeling_utils' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
