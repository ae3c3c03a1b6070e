"""A model's tokenizer in a page: what tasks ask of one, over functions that make ids of text and text of ids; and what
each token writes, by the model's `tokenizer.json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from errata.files import JsonObject

Encode = Callable[[str], Sequence[int]]
Decode = Callable[[Sequence[int]], str]

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_BLANK = "▁"
_SHOWN = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x100))
"""The bytes that byte-level vocabularies write as the character of that number."""


@dataclass(frozen=True, slots=True)
class PageTokenizer:
    controls: Encode
    """Of text in which special tokens may be spelled out,"""
    words: Encode
    """and of text in which they are plain characters."""
    letters: Decode
    special: frozenset[int]
    """Every special token."""
    pieces: Mapping[int, bytes]
    """What each other token writes, in UTF-8; of a letter, it may be a part."""
    eos_token_id: int

    @classmethod
    def of(cls, file: JsonObject, eos_token_id: int, controls: Encode, words: Encode, letters: Decode) -> PageTokenizer:
        """`file` is what `tokenizer.json` holds."""
        special = frozenset(int(token["id"]) for token in file["added_tokens"] if token["special"])
        return cls(controls, words, letters, special, _pieces(file, special), eos_token_id)

    def encode(self, text: str, add_special_tokens: bool, split_special_tokens: bool) -> list[int]:
        """As transformers' tokenizers take it; nothing is ever added."""
        return list((self.words if split_special_tokens else self.controls)(text))

    def decode(self, tokens: Sequence[int], skip_special_tokens: bool = False) -> str:
        return str(self.letters(list(tokens)))


def _pieces(file: JsonObject, special: frozenset[int]) -> dict[int, bytes]:
    byte_of = _byte_of() if '"ByteLevel"' in str(file["decoder"]).replace("'", '"') else None
    written = {int(number): _written(text, byte_of) for text, number in file["model"]["vocab"].items()}
    written |= {int(token["id"]): str(token["content"]).encode() for token in file["added_tokens"]}
    return {number: piece for number, piece in written.items() if number not in special}


def _written(text: str, byte_of: Mapping[str, int] | None) -> bytes:
    """By a byte-level vocabulary, or else by one of SentencePiece's kind."""
    if byte_of is not None:
        return bytes(byte_of[letter] for letter in text)
    byte = _BYTE.fullmatch(text)
    return bytes([int(byte[1], 16)]) if byte else text.replace(_BLANK, " ").encode()


def _byte_of() -> dict[str, int]:
    """GPT-2's alphabet: the bytes that are no plain character stand, in their order, from U+0100 on."""
    shown = {byte for part in _SHOWN for byte in part}
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + place): byte for place, byte in enumerate(hidden)}
