"""One training row, token by token: what is learnt of it, how much it counts, and what is only read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from errata.documents.inspected_row import InspectedRow, InspectedToken
from errata.documents.params import Recipe
from errata.errors import BadInput, NotFound
from errata.tasks.encode import IGNORED, PLACEHOLDERS
from errata.tasks.template import Template
from retrain.objectives.sft import SftObjective

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

_FRAMES = {token: f"[{modality}]" for modality, token in PLACEHOLDERS.items()}
"""How what is seen and heard is shown."""


def inspect_row(rows: Path, number: int, recipe: Recipe, template: Template, tokenizer: Tokenizer) -> InspectedRow:
    """Row `number`, from 1, of the mixture's file. Raises NotFound where there is no mixture, BadInput no such row."""
    import torch

    if not rows.exists():
        raise NotFound(f"{rows} isn't there: no night has trained here yet; run errata nightly")
    table = pq.read_table(rows)
    if not 1 <= number <= table.num_rows:
        raise BadInput(f"there is no row {number}: the last night's mixture has the rows 1 to {table.num_rows}")
    row = table.slice(number - 1, 1).to_pylist()[0]
    objective = SftObjective.of(recipe, template, tokenizer, len(tokenizer))
    labels = torch.tensor([row["labels"]])
    by_place = [1.0] * len(row["labels"])
    if objective.entry_weight is not None:
        by_place = objective.entry_weight.weights(labels)[0].tolist()
    own_weight = float(row.get("weight", 1.0))
    tokens = []
    for token, label, place_weight in zip(row["input_ids"], row["labels"], by_place, strict=True):
        border = 1.0 if objective.border_weights is None or label == IGNORED else float(objective.border_weights[label])
        weight = own_weight * place_weight * border if label != IGNORED else 0.0
        answer = str(tokenizer.decode([label])) if label not in (IGNORED, token) else ""
        text = _FRAMES.get(token) or str(tokenizer.decode([token]))
        tokens.append(InspectedToken(token, text, answer, label != IGNORED, weight))
    return InspectedRow(number, table.num_rows, template.name, tuple(tokens))
