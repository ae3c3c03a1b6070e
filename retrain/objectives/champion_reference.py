"""Whose words the objective sft+dpo starts from: the champion's, loaded as the recipe loads what it trains, so that a
4-bit base is 4-bit for both."""

from __future__ import annotations

import sys
from pathlib import Path

from errata.documents.params import Recipe
from retrain.backends.start import Start
from retrain.backends.trainable import trainable_model
from retrain.objectives.reference import Reference, read_reference, reference_of, write_reference
from retrain.taught_rows import TaughtRows


def champion_reference(rows: TaughtRows, champion: Start, recipe: Recipe, context: int, folder: Path) -> Reference:
    """As it is kept in `folder`, which is that of one training alone; computed where it isn't yet."""
    reference = read_reference(folder)
    if reference is None:
        sys.stderr.write(f"train: what the champion says of {len(rows)} rows\n")
        reference = reference_of(trainable_model(champion, recipe, context).eval(), rows)
        write_reference(folder, reference)
    return reference
