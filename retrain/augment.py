"""Stage 3. Altered copies of rows, and rows that a server's model says in other words. Copies are listed here, and made
again where they are drawn; paraphrases, which nobody can make again, are written down."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from errata.documents.file_names import AUGMENTED, CURATED, PARAMS, ROWS
from errata.documents.night import Night
from errata.documents.params import AugmentParams, Params, ParaphraseParams, read_params
from errata.domain.hashing import content_hash
from errata.stage_exit import stage_exit
from retrain.altered_copies import copies
from retrain.curate import fitness
from retrain.paraphrase import Paraphraser, is_paraphrased
from retrain.row_index import INDEX, index_record, read_index, write_index
from retrain.row_memo import row_facts
from retrain.shard_texts import PARAPHRASES, paraphrase_file, read_texts
from retrain.training_rows import TrainingRow, write_rows

_PLACES = pa.schema([("shard", pa.string()), ("place", pa.int32()), ("transcript", pa.int64())])


def facts_of(row: TrainingRow, shard: str, place: int, params: AugmentParams, seed: int) -> Iterator[dict[str, Any]]:
    """Of the copies of a row that may be trained on; `seed` draws the order of rows."""
    if not fitness(row).reason:
        for copy in copies(row, params):
            yield _record(copy, shard, place, seed)


def augmented(rows: pa.Table, facts: pa.Table) -> pa.Table:
    """The index of `rows`, and of their copies after them, each with its row's weight. `facts` has the copies of all
    rows of the snapshot."""
    owners = pc.fill_null(pc.index_in(_keys(facts), value_set=_keys(rows)), -1).to_numpy()
    kept = np.flatnonzero(owners >= 0)
    kept = kept[np.argsort(owners[kept], kind="stable")]
    weights = rows["weight"].take(pa.array(owners[kept]))
    made = facts.take(pa.array(kept)).set_column(INDEX.names.index("weight"), INDEX.field("weight"), weights)
    return pa.concat_tables([rows, made])


def _record(row: TrainingRow, shard: str, place: int, seed: int) -> dict[str, Any]:
    return index_record(row, shard, place, row.right_answer().merged, seed)


def _keys(table: pa.Table) -> pa.Array:
    """Where each row lies: the shard and the place in it."""
    keys = pc.binary_join_element_wise(table["shard"], table["place"].cast(pa.string()), ":")
    return keys.combine_chunks()


def row_facts_of(params: Params, night: Night) -> pa.Table:
    augment, seed = params.augment, params.mix.seed
    key = content_hash([night.code, asdict(augment), seed])
    return row_facts("copies", key, INDEX, partial(facts_of, params=augment, seed=seed))


def drawn_for_paraphrase(rows: pa.Table, paraphrase: ParaphraseParams, params: Params, night: Night) -> pa.Table:
    """Those of `rows` that are to be said in other words."""
    seed = params.augment.seed

    def place_of(row: TrainingRow, shard: str, place: int) -> Iterator[dict[str, Any]]:
        if is_paraphrased(row, paraphrase, seed):
            yield {"shard": shard, "place": place, "transcript": row.transcript}

    drawn = row_facts("paraphrased", content_hash([night.code, paraphrase.share, seed]), _PLACES, place_of)
    return rows.filter(pc.is_in(_keys(rows), value_set=_keys(drawn)))


def paraphrased(rows: Iterable[TrainingRow], paraphraser: Paraphraser) -> Iterator[TrainingRow]:
    """Paraphrases of some rows; what failed is said."""
    made = 0
    for row in rows:
        copy = paraphraser.copy(row)
        if copy is not None:
            made += 1
            yield copy
    sys.stderr.write(f"paraphrase: {made} rows, {paraphraser.asked} calls\n")
    for reason, count in paraphraser.failed.items():
        sys.stderr.write(f"paraphrase: {count} rows have none, since the server {reason}\n")


def with_paraphrases(table: pa.Table, rows: pa.Table, params: Params, night: Night) -> pa.Table:
    """`table` with paraphrases of `rows` after it, where `augment.paraphrase` names a server."""
    paraphrase = params.augment.paraphrase
    if paraphrase is None:
        return table
    paraphraser = Paraphraser(paraphrase, params.augment.seed, Path.cwd())
    drawn = read_texts(drawn_for_paraphrase(rows, paraphrase, params, night), Path.cwd(), params.augment)
    made = list(paraphrased(drawn, paraphraser))
    write_rows(paraphrase_file(Path.cwd()), made)
    records = [_record(row, PARAPHRASES, place, params.mix.seed) for place, row in enumerate(made)]
    return pa.concat_tables([table, pa.Table.from_pylist(records, schema=INDEX)])


def main() -> None:
    params, night = read_params(Path(PARAMS)), Night.read(Path.cwd())
    rows = read_index(CURATED / ROWS)
    table = with_paraphrases(augmented(rows, row_facts_of(params, night)), rows, params, night)
    write_index(AUGMENTED / ROWS, table)
    sys.stderr.write(f"augment: {rows.num_rows} rows, {table.num_rows - rows.num_rows} altered copies\n")


if __name__ == "__main__":
    with stage_exit():
        main()
