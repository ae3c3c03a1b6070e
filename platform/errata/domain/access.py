"""Who may do what through the service: roles of keys."""

from __future__ import annotations

from typing import Literal, get_args

AccessRole = Literal["predictor", "reviewer", "adjudicator", "release owner", "admin"]
ACCESS_ROLES: tuple[AccessRole, ...] = get_args(AccessRole)
"""A predictor is a program. The three after it are reviewers' roles, and each may do what those before it may. An admin
may do everything, so that one key is enough to begin with."""

_LADDER: tuple[AccessRole, ...] = ("reviewer", "adjudicator", "release owner")


def holds(role: AccessRole, needed: AccessRole) -> bool:
    """Whether a key of `role` may do what asks for the role `needed`."""
    if role in (needed, "admin"):
        return True
    return role in _LADDER and needed in _LADDER and _LADDER.index(role) > _LADDER.index(needed)
