"""A prompt: a list of spans, tokenised span by span.

`Control` and `Text` are encoded differently: what people said never becomes a control token, however it is spelled.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """Ours: may hold the tokenizer's special tokens."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Somebody's words: a special token spelled out in it is plain characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the model speaks. The template's `grammar` says what it may say there."""


Given = Control | Text
Prompt = tuple[Control | Text | Slot, ...]
Filling = tuple[Given, ...]
"""What fills one slot."""
