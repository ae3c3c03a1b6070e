"""Folds of talks that have nothing to do with each other: what is tied together is never on both sides."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

from errata.domain.tied_parts import tied_parts
from errata.errors import BadInput


def folds(ties: Sequence[Collection[Hashable]], count: int) -> list[int]:
    """The fold, from 0, of each talk. `ties` are what a talk has in common with others: its leak group, its channel.

    Talks that share one, or are joined by others that do, are of one fold; folds are as equal in talks as that allows.
    Raises BadInput where there are fewer such parts than `count`.
    """
    parts = sorted(tied_parts(ties), key=lambda part: (-len(part), part))
    if len(parts) < count:
        raise BadInput(
            f"the talks fall into {len(parts)} parts that share no channel and no twin, too few for {count} folds; "
            f"take fewer folds"
        )
    of_talk, sizes = [0] * len(ties), [0] * count
    for part in parts:
        smallest = sizes.index(min(sizes))
        sizes[smallest] += len(part)
        for talk in part:
            of_talk[talk] = smallest
    return of_talk
