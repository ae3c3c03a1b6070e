"""Content identity: one canonical JSON form, one hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> str:
    """`value` as JSON with sorted keys, no spaces and no NaN: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def uniform(data: str) -> float:
    """A number in [0, 1) that `data` draws: the same each time, and as if at random over different texts."""
    return int(sha256(data)[:13], 16) / 16**13


def content_hash(value: Any) -> str:
    """SHA-256, in hex, of the canonical JSON of `value`."""
    return sha256(canonical_json(value))
