"""Folds of talks that have nothing to do with each other: what is tied together is never on both sides."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

from errata.errors import BadInput


def folds(ties: Sequence[Collection[Hashable]], count: int) -> list[int]:
    """The fold, from 0, of each talk. `ties` are what a talk has in common with others: its leak group, its channel.

    Talks that share one, or are joined by others that do, are of one fold; folds are as equal in talks as that allows.
    Raises BadInput where there are fewer such parts than `count`.
    """
    parts = sorted(_parts(ties), key=lambda part: (-len(part), part))
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


def _parts(ties: Sequence[Collection[Hashable]]) -> list[list[int]]:
    """Talks by place, those that are tied together in one list."""
    part_of_tie: dict[Hashable, list[int]] = {}
    for talk, tied_by in enumerate(ties):
        joined = {id(part): part for tie in tied_by if (part := part_of_tie.get(tie)) is not None}
        whole = sorted([talk, *(member for part in joined.values() for member in part)])
        for member in whole:
            for tie in ties[member]:
                part_of_tie[tie] = whole
    untied = [[talk] for talk, tied_by in enumerate(ties) if not tied_by]
    return [*untied, *({id(part): part for part in part_of_tie.values()}.values())]
