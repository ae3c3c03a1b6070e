"""Where an answer that lists chapters goes on with another one: the first token of each line of the list.

`border_weight` moves the odds of "a chapter begins" in templates that have a token for it. In a list that choice is
made where a line begins: another line's number, or the end of the answer. Numbers weigh more, the end doesn't.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from errata.tasks.encode import IGNORED
from errata.tasks.template import Template

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase as Tokenizer

_LINE_ENDS = ("\n", "Ċ", "<0x0A>")
"""How vocabularies write a line break: as it is, in GPT-2's alphabet of bytes, and as a byte that fell back."""


@dataclass(frozen=True, slots=True)
class EntryWeight:
    weight: float
    line_ends: frozenset[int]
    """Tokens after which a new line begins."""
    end_of_sequence: int

    @classmethod
    def of(cls, tokenizer: Tokenizer, template: Template, weight: float) -> EntryWeight | None:
        """None where all labels weigh the same, and for a template that has a token for borders."""
        if template.border or weight == 1.0:
            return None
        pieces = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
        ends = (place for place, piece in enumerate(pieces) if piece is not None and str(piece).endswith(_LINE_ENDS))
        return cls(weight, frozenset(ends), int(tokenizer.eos_token_id))

    def weights(self, labels: torch.Tensor) -> torch.Tensor:
        """Of each label; `labels` are (rows, tokens), not shifted."""
        import torch

        before = torch.cat([torch.full_like(labels[:, :1], IGNORED), labels[:, :-1]], dim=1)
        ends = torch.tensor(sorted(self.line_ends), device=labels.device)
        begins = (before == IGNORED) | torch.isin(before, ends)
        is_entry = begins & (labels != IGNORED) & (labels != self.end_of_sequence)
        return torch.where(is_entry, self.weight, 1.0)
