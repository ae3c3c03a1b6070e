"""What the champion says of tonight's rows: computed once, before the training begins, and kept beside its
checkpoints, so that a training which is cut short doesn't compute it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.progress import progress_bar
from retrain.objectives.divergence import TopTokens, top_tokens
from retrain.objectives.pair_logits import pair_logits, row_logits
from retrain.taught_rows import TaughtRow, TaughtRows

if TYPE_CHECKING:
    import torch

FILE = "reference.safetensors"
Rows = Sequence[TaughtRow] | TaughtRows


@dataclass(frozen=True, slots=True)
class Reference:
    margins: torch.Tensor
    """(rows,) by how many nats the right answer is likelier than the draft; 0 where there is no draft."""
    top: TopTokens
    """Of all rows' labels, one row after the other."""
    ends: torch.Tensor
    """(rows,) where a row's labels end in it."""

    def margin(self, row: int) -> torch.Tensor:
        return self.margins[row]

    def tokens(self, row: int) -> TopTokens:
        labels = slice(int(self.ends[row - 1]) if row else 0, int(self.ends[row]))
        return TopTokens(self.top.ids[labels], self.top.log_probabilities[labels])

    def of_rows(self, rows: Sequence[int]) -> Reference:
        """Of the rows at these places, in their order; what is past the last is a row without labels."""
        import torch

        margins = torch.cat([self.margins, torch.zeros(1)])[list(rows)]
        nothing = TopTokens(self.top.ids[:0], self.top.log_probabilities[:0])
        tops = [self.tokens(row) if row < len(self.ends) else nothing for row in rows]
        return _reference(margins, tops)


def reference_of(model: Any, rows: Rows) -> Reference:
    """What `model`, which is not trained, says of `rows`."""
    import torch

    margins, tops = list[float](), list[TopTokens]()
    with torch.no_grad(), progress_bar("reference", len(rows)) as advance:
        for number in range(len(rows)):
            row = rows[number]
            if row.rejected is None:
                right = row_logits(model, row.encoded)
                margins.append(0.0)
            else:
                right, draft = pair_logits(model, row.encoded, row.rejected)
                margins.append((right.own - draft.own).item())
            tops.append(top_tokens(right.logits))
            advance()
    return _reference(torch.tensor(margins), tops)


def _reference(margins: torch.Tensor, tops: Sequence[TopTokens]) -> Reference:
    import torch

    ends = torch.tensor([len(top.ids) for top in tops]).cumsum(0)
    top = TopTokens(
        torch.cat([top.ids for top in tops]).cpu(), torch.cat([top.log_probabilities for top in tops]).cpu()
    )
    return Reference(margins, top, ends)


def write_reference(folder: Path, reference: Reference) -> None:
    """Whole or not at all."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{FILE}.partial"
    tensors = {
        "margins": reference.margins,
        "ids": reference.top.ids.int().contiguous(),
        "log_probabilities": reference.top.log_probabilities.contiguous(),
        "ends": reference.ends,
    }
    save_file(tensors, partial)
    partial.replace(folder / FILE)


def read_reference(folder: Path) -> Reference | None:
    """None where none has been computed."""
    from safetensors.torch import load_file

    if not (folder / FILE).exists():
        return None
    tensors = load_file(folder / FILE)
    top = TopTokens(tensors["ids"].long(), tensors["log_probabilities"])
    return Reference(tensors["margins"], top, tensors["ends"])
