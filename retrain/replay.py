"""Which of the rows that the starting model has trained on come again, so that it doesn't forget them.

Evenly drawn; or the hardest ones, which are being forgotten (SuRe, arXiv 2511.22367); or on-policy, which hold it where
it is (On-Policy Replay, arXiv 2605.29495).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import pyarrow as pa

from errata.documents.params import ReplayShares
from retrain.drafts import is_near
from retrain.training_rows import TrainingRow

POOL = 4
"""Rows whose loss is measured for each hard one that is wanted: the cost of a night must not grow with the record."""
NOISE = 0.01
"""Share of the pool, the hardest, that is likely to be mislabelled."""

Hardness = Callable[[Sequence[TrainingRow]], Sequence[float]]
"""The mean loss of each row's labels under the champion."""


Replay = Callable[[pa.Table, int], pa.Table]
"""Of an index of known rows, in the order in which they are drawn, so many."""
REACH = 8
"""Known rows that are looked at for each one that is wanted, where it matters what they say."""


def evenly(known: pa.Table, count: int) -> pa.Table:
    return known.slice(0, count)


def draw_from(
    known: pa.Table,
    count: int,
    shares: ReplayShares,
    models: Collection[str],
    hardness: Hardness,
    read: Callable[[pa.Table], Iterable[TrainingRow]],
) -> pa.Table:
    """As `draw_replay`, of an index; `read` gives what its rows say, which an even draw needn't know."""
    if not shares.hardest and not shares.on_policy:
        return evenly(known, count if shares.uniform else 0)
    pool = known.slice(0, REACH * count)
    rows = list(read(pool))
    places = {id(row): place for place, row in enumerate(rows)}
    drawn = draw_replay(rows, count, shares, models, hardness)
    return pool.take(pa.array([places[id(row)] for row in drawn], pa.int64()))


def draw_replay(
    known: Sequence[TrainingRow], count: int, shares: ReplayShares, models: Collection[str], hardness: Hardness
) -> list[TrainingRow]:
    """`count` of the rows `known`, which come in the order in which they are drawn. `models` are those, by identity,
    whose drafts are on-policy.

    No row comes twice. What a kind has too few of is drawn evenly.
    """
    total = shares.uniform + shares.hardest + shares.on_policy
    if not total or not count:
        return []
    kept = round(count * shares.on_policy / total)
    on_policy = [row for row in known if is_on_policy(row, models)][:kept] if kept else []
    others = _without(known, on_policy)
    # two halves that are both rounded up make one row too many
    wanted = min(round(count * shares.hardest / total), count - len(on_policy))
    hardest = hardest_rows(others, wanted, hardness)
    evenly = _without(others, hardest)[: count - len(on_policy) - len(hardest)]
    return [*evenly, *hardest, *on_policy]


def is_on_policy(row: TrainingRow, models: Collection[str]) -> bool:
    """Whether one of `models` said what the row teaches: a reviewer left it as it was, or nearly so."""
    if row.draft_by not in models or row.altered:
        return False
    return row.kind == "accept" or (bool(row.draft) and is_near(row.read_draft(), row.read_chapters()))


def hardest_rows(rows: Sequence[TrainingRow], count: int, hardness: Hardness) -> list[TrainingRow]:
    """The `count` hardest of the first `POOL` times as many, without those that are likely to be mislabelled."""
    pool = rows[: POOL * count]
    if not pool:
        return []
    losses = hardness(pool)
    order = sorted(range(len(pool)), key=lambda place: -losses[place])
    noise = round(NOISE * len(pool))
    return [pool[place] for place in order[noise : noise + count]]


def _without(rows: Sequence[TrainingRow], taken: Sequence[TrainingRow]) -> list[TrainingRow]:
    names = {id(row) for row in taken}
    return [row for row in rows if id(row) not in names]
