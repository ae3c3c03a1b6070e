"""A prompt: a list of spans, tokenised span by span.

`Control` and `Text` are encoded differently: what people said never becomes a control token, however it is spelled.
What a camera or a microphone gave is a span too, `Frames`, of vectors in place of words.
"""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.modality import Modality


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

    then: tuple[Control | Text, ...] = ()
    """What stands there for what follows, whatever it said: what really came. Empty: what it said."""


@dataclass(frozen=True, slots=True)
class BorderMark:
    """Where the model says whether a chapter begins with the line before, in a token that is never appended: what
    follows is the same whatever it says, so that all lines are asked about in one pass."""

    begins: bool | None = None
    """The right answer, where it is taught; None where there is nothing to learn."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Vectors of one medium, one after another; each takes `tokens` places in the prompt, unless they are averaged."""

    modality: Modality
    features: str
    """The shard in the features store that holds them,"""
    first: int
    """the place there of the first,"""
    count: int
    """and how many follow each other; at least one."""
    tokens: int = 1
    """`frame_num_tokens`."""
    silence: bool = False
    """Whether a model learns to keep silent after each, but for the one that a slot follows: there it speaks."""
    averaged: bool = False
    """Whether their mean is shown, as one vector: a snippet's."""

    @property
    def places(self) -> int:
        """Of the prompt, that they take."""
        return self.tokens if self.averaged else self.count * self.tokens


Given = Control | Text
Prompt = tuple[Control | Text | Slot | BorderMark | Frames, ...]
Filling = tuple[Given, ...]
"""What fills one slot."""
