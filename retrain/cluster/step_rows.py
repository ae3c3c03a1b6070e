"""The rows of a training, step by step: laid out once, so that no worker draws and each knows which are its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from errata.documents.file_names import TRAINING_ROWS
from errata.documents.params import Recipe
from errata.tasks.encode import IGNORED, Encoded
from retrain.objectives.reference import Reference, write_reference
from retrain.taught_rows import TaughtRow, TaughtRows, taught_table
from retrain.trainer import steps_of


def lay_out(rows: Path, recipe: Recipe, reference: Reference | None, folder: Path) -> Recipe:
    """Writes to `folder` each step's rows, and what the champion says of them where it was asked. Gives back the recipe
    for what lies there: one epoch of so many steps."""
    taught = TaughtRows(rows)
    order = row_order(len(taught), recipe)
    pq.write_table(step_rows(taught.table, order), folder / TRAINING_ROWS)
    if reference is not None:
        write_reference(folder, reference.of_rows(order))
    return replace(recipe, epochs=1.0, max_steps=steps_of(len(taught), recipe))


def step_rows(rows: pa.Table, order: list[int]) -> pa.Table:
    """The rows at the places of `order`; the place past the last row is one of which nothing is learnt."""
    filler = Encoded((rows["input_ids"][0][0].as_py(),), (IGNORED,))
    empty = taught_table([TaughtRow(filler)]).select(rows.column_names).cast(rows.schema)
    return pa.concat_tables([rows, empty]).take(pa.array(order))


def row_order(count: int, recipe: Recipe) -> list[int]:
    """Places of `count` rows, `recipe.batch` for each step, in the order in which one machine draws them.

    An epoch's last step may have fewer rows. All workers must take part in it all the same: the place `count` fills it
    up.
    """
    from accelerate.data_loader import SeedableRandomSampler  # by which transformers' trainer draws

    epochs = SeedableRandomSampler(range(count), data_seed=recipe.seed)
    wanted, places = steps_of(count, recipe) * recipe.batch, list[int]()
    while len(places) < wanted:
        places.extend(epochs)  # another epoch each time
        places.extend([count] * (-count % recipe.batch))
    return places[:wanted]
