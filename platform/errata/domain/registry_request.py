"""What a release owner asks the registry's side for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RequestKind = Literal["rollback", "promotion", "rejection"]
"""`promotion` is one person's approval of one, which may need another's; `rejection` ends one that waits."""
RequestState = Literal["waiting", "done", "refused"]


@dataclass(frozen=True, slots=True)
class ReleaseWish:
    """What is asked for: of that champion and no other, so that what happens in between can't make it mean more."""

    kind: RequestKind
    champion: str
    """Who is champion: is it somebody else by then, the request is refused."""
    model: str
    """Who is to be champion."""
    night: str | None = None
    """Of a promotion or rejection, the night whose gate said so,"""
    evidence: str | None = None
    """and the SHA-256 of its evidence record."""


@dataclass(frozen=True, slots=True)
class RegistryRequest:
    number: int
    at: datetime
    wish: ReleaseWish
    by: str
    why: str
    state: RequestState
    settled_at: datetime | None
    moved: Mapping[str, str]
    """Of one that is done, each alias that moved with its model, empty for none."""
    problem: str
    """Why it was refused, in a sentence; empty else."""
