"""A tokenizer's keys in a .gguf file: copied where the model came out of one, else written from `tokenizer.json`.

Of the two kinds of BPE that llama.cpp has, that is. One is of bytes (GPT-2, Llama 3, Qwen), and llama.cpp has its ways
of cutting text into words built in, each under a name. The other is SentencePiece's (Llama 2, Gemma), of characters,
with bytes for those that it lacks. Any other is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.documents.source_metadata import SourceMetadata
from errata.errors import BadInput
from errata.files import JsonObject
from errata.inference.source_metadata import source_metadata
from errata.inference.tokenizer import load_tokenizer
from registry.export.build import OTHER_TARGET

if TYPE_CHECKING:
    from gguf import GGUFWriter, TokenType
    from transformers import PreTrainedTokenizerBase as Tokenizer

_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_BEGINNING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
WORDS = {
    _BEGINNING + r"\p{N}{1,3}" + _REST: "llama-bpe",
    _BEGINNING + r"\p{N}" + _REST: "qwen2",
}
"""llama.cpp's name for a rule, by its regular expression."""


_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
BLANK = "▁"
"""How SentencePiece writes one."""


def write_tokenizer(writer: GGUFWriter, folder: Path, vocabulary: int) -> None:
    """The tokenizer of the model in `folder`, whose embedding has `vocabulary` rows. Raises BadInput for one that
    llama.cpp doesn't have."""
    source = source_metadata(folder)
    if source is None:
        _write(writer, folder, vocabulary)
    else:
        _copy(writer, source)


def _copy(writer: GGUFWriter, source: SourceMetadata) -> None:
    from gguf import GGUFValueType

    for key, field in source.fields.items():
        if key.startswith("tokenizer."):
            kind = GGUFValueType[field.kind]
            kinds = (GGUFValueType.ARRAY, kind) if isinstance(field.value, list) else (kind,)
            writer.add_key_value(key, field.value, *kinds)


def _write(writer: GGUFWriter, folder: Path, vocabulary: int) -> None:
    file = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    if rule := _rule(file):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(rule)
        writer.add_token_merges([" ".join(pair) for pair in _merges(file)])
    elif _is_sentencepiece(file):
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_add_space_prefix(any(step["type"] == "Prepend" for step in _steps(file["normalizer"])))
    else:
        raise BadInput(f"the model has a tokenizer of a kind that llama.cpp does not have; {OTHER_TARGET}")
    tokens, kinds = _tokens(file, vocabulary)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_scores(_scores(file, tokens))
    _write_special(writer, load_tokenizer(folder))


def _rule(file: JsonObject) -> str | None:
    """llama.cpp's name for how a byte-level BPE cuts words; None where it has none, or the tokenizer is of another
    kind."""
    steps = _steps(file.get("pre_tokenizer"))
    if file["model"]["type"] != "BPE" or file["model"].get("byte_fallback") or not steps:
        return None
    if steps[-1]["type"] != "ByteLevel":
        return None
    if steps[-1].get("use_regex", True):
        return "gpt-2" if len(steps) == 1 else None
    splits = [step.get("pattern", {}).get("Regex") for step in steps[:-1]]
    return WORDS.get(splits[0]) if len(splits) == 1 else None


def _is_sentencepiece(file: JsonObject) -> bool:
    """Whether it is a BPE of characters that writes blanks as `BLANK`, and whole texts at once."""
    blanks = {"type": "Replace", "pattern": {"String": " "}, "content": BLANK}
    return bool(file["model"].get("byte_fallback")) and blanks in _steps(file.get("normalizer"))


def _steps(step: JsonObject | None) -> list[JsonObject]:
    if step is None:
        return []
    return [*(step.get("pretokenizers") or step.get("normalizers") or [step])]


def _merges(file: JsonObject) -> list[tuple[str, str]]:
    """In their order; older files write a pair as one text."""
    pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in file["model"]["merges"])
    return [(left, right) for left, right in pairs]


def _scores(file: JsonObject, tokens: Sequence[str]) -> list[float]:
    """By which SentencePiece merges, the highest first: the earlier a piece is merged, the higher."""
    ranks: dict[str, int] = {}
    for rank, (left, right) in enumerate(_merges(file)):
        ranks.setdefault(left + right, rank)
    return [-float(ranks.get(token, len(ranks))) for token in tokens]


def _tokens(file: JsonObject, vocabulary: int) -> tuple[list[str], list[TokenType]]:
    """The text and the kind of every row; of those that the tokenizer has no text for, one that nobody writes."""
    from gguf import TokenType

    texts = {number: text for text, number in file["model"]["vocab"].items()}
    kinds = {number: TokenType.BYTE if _BYTE.fullmatch(text) else TokenType.NORMAL for number, text in texts.items()}
    for added in file["added_tokens"]:
        texts[added["id"]] = added["content"]
        kinds[added["id"]] = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
    rows = range(vocabulary)
    return [texts.get(row, f"[PAD{row}]") for row in rows], [kinds.get(row, TokenType.UNUSED) for row in rows]


def _write_special(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    numbers: list[tuple[Any, int | None]] = [
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_eos_token_id, tokenizer.eos_token_id),
        (writer.add_unk_token_id, tokenizer.unk_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
    ]
    for add, number in numbers:
        if number is not None:
            add(number)
    begins = tokenizer.encode("a")[:1] == [tokenizer.bos_token_id]
    writer.add_add_bos_token(begins)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)
