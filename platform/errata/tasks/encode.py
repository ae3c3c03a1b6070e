"""Spans to tokens: the one place where prompts and targets become ids, for training and for serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errata.errors import BadInput
from errata.tasks.prompt import Control, Filling, Given, Prompt, Slot, Text

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

IGNORED = -100
"""The label that cross-entropy skips."""

# In the private use area: no chat template strips it, or has it in words of its own.
_HOLE = "\ue000hole\ue000"


@dataclass(frozen=True, slots=True)
class Encoded:
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]
    """`input_ids` where the model speaks (end of sequence included), IGNORED elsewhere; not shifted."""


def ids(span: Given, tokenizer: Tokenizer) -> list[int]:
    encoded: list[int] = tokenizer.encode(
        span.text, add_special_tokens=False, split_special_tokens=isinstance(span, Text)
    )
    return encoded


def dress(prompt: Prompt, chat: bool, tokenizer: Tokenizer) -> Prompt:
    """`prompt` with the model's own chat template around it, or its beginning-of-sequence token before it.

    Only what comes before the first slot goes into the user's turn; slots after it belong to the answer. Raises
    BadInput for a chat template without a place for it.
    """
    if chat and tokenizer.chat_template:
        turn = tokenizer.apply_chat_template(
            [{"role": "user", "content": _HOLE}], tokenize=False, add_generation_prompt=True
        )
        before, hole, after = str(turn).partition(_HOLE)
        if not hole:
            raise BadInput("the model's chat template leaves out what the user says; mend it")
        slot = next(index for index, span in enumerate(prompt) if isinstance(span, Slot))
        return (Control(before), *prompt[:slot], Control(after), *prompt[slot:])
    if chat and tokenizer.bos_token:
        return (Control(str(tokenizer.bos_token)), *prompt)
    return prompt


def encode(prompt: Prompt, fillings: Sequence[Filling], tokenizer: Tokenizer) -> Encoded:
    """A dressed prompt with its slots filled, and end-of-sequence after the last one.

    Raises BadInput when the tokenizer has no end-of-sequence token: such a model never learns to stop.
    """
    if tokenizer.eos_token_id is None:
        raise BadInput("the tokenizer has no end-of-sequence token, so the model could never learn to stop; add one")
    remaining = iter(fillings)
    input_ids: list[int] = []
    labels: list[int] = []
    for span in prompt:
        if isinstance(span, Slot):
            tokens = [token for part in next(remaining) for token in ids(part, tokenizer)]
            input_ids += tokens
            labels += tokens
        else:
            tokens = ids(span, tokenizer)
            input_ids += tokens
            labels += [IGNORED] * len(tokens)
    return Encoded((*input_ids, tokenizer.eos_token_id), (*labels, tokenizer.eos_token_id))
