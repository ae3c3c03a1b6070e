"""What a pass is given of its rows: trl's padded ids and labels, each row's weight where rows differ in it, and each
row's number where the objective asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import torch

WEIGHT, NUMBER = "weight", "number"

Examples = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RowCollator:
    padded: Callable[[Examples], dict[str, torch.Tensor]]
    """trl's."""

    def __call__(self, examples: Examples) -> dict[str, torch.Tensor]:
        import torch

        more = {name: torch.tensor([row[name] for row in examples]) for name in (WEIGHT, NUMBER) if name in examples[0]}
        return {**self.padded([{name: row[name] for name in ("input_ids", "labels")} for row in examples]), **more}


def passed_columns(table: pa.Table) -> pa.Table:
    """Of a `train.parquet`: what the collator takes. Where all rows weigh 1 there is no weight to multiply by."""
    names = ["input_ids", "labels"]
    if WEIGHT in table.column_names and not pc.all(pc.equal(table[WEIGHT], 1.0)).as_py():
        names.append(WEIGHT)
    return table.select(names).append_column(NUMBER, pa.array(range(table.num_rows), pa.int64()))
