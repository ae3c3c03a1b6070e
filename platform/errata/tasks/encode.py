"""Spans to tokens: the one place where prompts and targets become ids, for training and for serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errata.domain.modality import Modality
from errata.errors import BadInput
from errata.tasks.prompt import BorderMark, Control, Filling, Frames, Given, Prompt, Slot, Text
from errata.tasks.templates.inline import NEW, SAME

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

IGNORED = -100
"""The label that cross-entropy skips."""

PLACEHOLDERS: dict[Modality, int] = {"video": -1, "audio": -2}
"""What stands in `input_ids` where a vector's projection is put. No vocabulary has such a token: no text spells it, and
no model says it."""

# In the private use area: no chat template strips it, or has it in words of its own.
_HOLE = "\ue000hole\ue000"


@dataclass(frozen=True, slots=True)
class Encoded:
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]
    """`input_ids` where the model speaks (end of sequence included), the answer to a mark where the token after it
    stands, end of sequence after a frame where it is silent, IGNORED elsewhere; not shifted."""
    frames: tuple[Frames, ...] = ()
    """Whose vectors the placeholders among `input_ids` stand for, in their order."""


def ids(span: Given, tokenizer: Tokenizer) -> list[int]:
    encoded: list[int] = tokenizer.encode(
        span.text, add_special_tokens=False, split_special_tokens=isinstance(span, Text)
    )
    return encoded


def span_ids(span: Given | Frames, tokenizer: Tokenizer) -> list[int]:
    """A span's tokens, or its placeholders."""
    if isinstance(span, Frames):
        return [PLACEHOLDERS[span.modality]] * span.places
    return ids(span, tokenizer)


@dataclass(frozen=True, slots=True)
class MarkTokens:
    """With which a model answers a mark. Both are single tokens."""

    same: int
    begins: int

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> MarkTokens:
        """A line's end and a paragraph's, which language models know to tell apart, where the tokenizer has both; else
        a hyphen and a hash sign, or what errata-tiny says in `inline`. Raises BadInput for a tokenizer that writes none
        of them as one token."""
        for same, begins in _MARKS:
            tokens = ids(Control(same), tokenizer), ids(Control(begins), tokenizer)
            if all(len(answer) == 1 for answer in tokens) and tokens[0] != tokens[1]:
                return cls(tokens[0][0], tokens[1][0])
        raise BadInput("the tokenizer has no single tokens for a border's marks; choose another template")

    def token(self, begins: bool | None) -> int | None:
        """None where nothing is taught."""
        return None if begins is None else self.begins if begins else self.same


_MARKS = (("\n", "\n\n"), ("-", "#"), (SAME, NEW))


@dataclass(frozen=True, slots=True)
class Turn:
    """What stands around that which a user says; either may be empty."""

    before: str = ""
    after: str = ""

    @classmethod
    def of(cls, chat: bool, tokenizer: Tokenizer) -> Turn:
        """The model's own chat template, or its beginning-of-sequence token; nothing where a template wants neither.

        Raises BadInput for a chat template without a place for what is said.
        """
        if chat and tokenizer.chat_template:
            before, hole, after = _turn(tokenizer).partition(_HOLE)
            if not hole:
                raise BadInput("the model's chat template leaves out what the user says; mend it")
            return cls(before, after)
        return cls(str(tokenizer.bos_token)) if chat and tokenizer.bos_token else cls()


def dress(prompt: Prompt, turn: Turn) -> Prompt:
    """`prompt` within a user's turn: what comes before the first slot; slots after it belong to the answer."""
    slot = next((index for index, span in enumerate(prompt) if isinstance(span, Slot)), len(prompt))
    before, after = ((Control(text),) if text else () for text in (turn.before, turn.after))
    return (*before, *prompt[:slot], *after, *prompt[slot:])


def _turn(tokenizer: Tokenizer) -> str:
    """A user's turn by the model's chat template, which transformers renders in Jinja's sandbox. Raises BadInput where
    it would get out of it, or is broken."""
    from jinja2 import TemplateError

    try:
        return str(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": _HOLE}], tokenize=False, add_generation_prompt=True
            )
        )
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"the model's chat template can't be used ({' '.join(str(error).split())}); mend it") from error


def encode(prompt: Prompt, fillings: Sequence[Filling], tokenizer: Tokenizer) -> Encoded:
    """A dressed prompt with its slots filled, and end-of-sequence after the last one.

    Raises BadInput when the tokenizer has no end-of-sequence token: such a model never learns to stop.
    """
    if tokenizer.eos_token_id is None:
        raise BadInput("the tokenizer has no end-of-sequence token, so the model could never learn to stop; add one")
    marks = MarkTokens.of(tokenizer) if any(isinstance(span, BorderMark) for span in prompt) else None
    silence: int = tokenizer.eos_token_id
    remaining = iter(fillings)
    input_ids: list[int] = []
    labels: list[int] = []
    answer: int | None = None  # to a mark, or a frame: it stands where the next token does
    for place, span in enumerate(prompt):
        if isinstance(span, BorderMark):
            answer = marks.token(span.begins) if marks else None
            continue
        parts = next(remaining) if isinstance(span, Slot) else (span,)
        tokens = [token for part in parts for token in span_ids(part, tokenizer)]
        input_ids += tokens
        labels += tokens if isinstance(span, Slot) else [IGNORED] * len(tokens)
        if answer is not None and tokens:
            labels[-len(tokens)], answer = answer, None
        if isinstance(span, Frames) and span.silence:
            for frame in range(1, span.count):
                labels[frame * span.tokens - len(tokens)] = silence
            spoken = isinstance(prompt[place + 1], Slot) if place + 1 < len(prompt) else False
            answer = None if spoken else silence
    frames = tuple(span for span in prompt if isinstance(span, Frames))
    return Encoded((*input_ids, silence), (*labels, silence), frames)
