"""How many talks are of one leak group with another, and what that does to their roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from errata.domain.roles import Role, strictest
from errata.domain.tied_parts import tied_parts


@dataclass(frozen=True, slots=True)
class JoinedTalks:
    talks: int
    """That are of a leak group with another."""
    groups: int
    held_out: int
    """Of them, those that drew `train` and are held out with another of their group."""

    @classmethod
    def of(
        cls, links: Iterable[tuple[int, int]], drew: Mapping[int, Role], among: Collection[int] | None = None
    ) -> JoinedTalks:
        """Of talks that are linked by twos; `drew` has the own role of each. `among` leaves out the groups that none of
        these talks is of."""
        groups = [group for group in _groups(links) if among is None or not group.isdisjoint(among)]
        roles = [[drew[talk] for talk in group] for group in groups]
        held_out = sum(group.count("train") for group in roles if strictest(group) != "train")
        return cls(sum(map(len, groups)), len(groups), held_out)


NONE_JOINED = JoinedTalks(0, 0, 0)


def _groups(links: Iterable[tuple[int, int]]) -> Iterator[set[int]]:
    links_of = defaultdict[int, list[tuple[int, int]]](list)
    for link in links:
        for talk in link:
            links_of[talk].append(link)
    talks = list(links_of)
    for places in tied_parts(list(links_of.values())):
        yield {talks[place] for place in places}
