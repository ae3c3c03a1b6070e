"""The permanent split: what a transcript may ever be used for.

Each transcript's own hash gives it a role when it arrives; its leak group then takes the strictest role among its
members, so the result does not depend on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from errata.domain.hashing import uniform

Role = Literal["train", "dev", "anchor", "sealed"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the loosest to the strictest."""

DEFAULT_SHARES: Mapping[Role, float] = {"train": 0.80, "dev": 0.08, "anchor": 0.08, "sealed": 0.04}


def own_role(transcript_hash: str, shares: Mapping[Role, float] = DEFAULT_SHARES) -> Role:
    """The role that the transcript's hash draws; `shares` sum to 1."""
    point = uniform("role:" + transcript_hash)
    edge = 0.0
    for role in ROLES:
        edge += shares[role]
        if point < edge:
            return role
    return ROLES[-1]


def strictest(roles: Iterable[Role]) -> Role:
    return max(roles, key=ROLES.index)
