"""What a pass is given of its rows: trl's padded ids and labels, each row's weight where rows differ in it, each row's
number where the objective asks for it, and the vectors of the frames that rows name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from errata.features.feature_store import FeatureStore
from retrain.taught_rows import frames_of

if TYPE_CHECKING:
    import torch

WEIGHT, NUMBER, FRAMES, VECTORS = "weight", "number", "frames", "vectors"

Examples = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RowCollator:
    padded: Callable[[Examples], dict[str, torch.Tensor]]
    """trl's."""
    features: FeatureStore

    def __call__(self, examples: Examples) -> dict[str, Any]:
        import torch

        more: dict[str, Any] = {
            name: torch.tensor([row[name] for row in examples]) for name in (WEIGHT, NUMBER) if name in examples[0]
        }
        if FRAMES in examples[0]:
            more[VECTORS] = self._vectors(examples)
        return {**self.padded([{name: row[name] for name in ("input_ids", "labels")} for row in examples]), **more}

    def _vectors(self, examples: Examples) -> dict[str, torch.Tensor]:
        from errata.inference.connector import vectors_of

        return vectors_of([span for row in examples for span in frames_of(row)], self.features)


def passed_columns(table: pa.Table) -> pa.Table:
    """Of a `train.parquet`: what the collator takes. Where all rows weigh 1 there is no weight to multiply by, and
    where none names frames there are no vectors to look for."""
    names = ["input_ids", "labels"]
    if WEIGHT in table.column_names and not pc.all(pc.equal(table[WEIGHT], 1.0)).as_py():
        names.append(WEIGHT)
    if has_frames(table):
        names.append(FRAMES)
    return table.select(names).append_column(NUMBER, pa.array(range(table.num_rows), pa.int64()))


def has_frames(table: pa.Table) -> bool:
    """Whether a row of a `train.parquet` names any."""
    return FRAMES in table.column_names and bool(pc.any(pc.greater(pc.list_value_length(table[FRAMES]), 0)).as_py())
