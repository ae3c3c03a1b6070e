"""How many rows of each source a night trains on, where some may be no more than a share of it."""

from __future__ import annotations

import math
from collections.abc import Mapping


def allowed_rows(counts: Mapping[str, int], caps: Mapping[str, float]) -> dict[str, int]:
    """`counts` are the rows that there are, by source. A source that `caps` has is at most that share of all rows that
    are allowed, and one row at least; others are whole.

    Where every source is capped and the caps don't make up a whole, they are taken in proportion: there is nobody whom
    they would crowd out.
    """
    whole = max(1.0, sum(caps.get(source, 1.0) for source in counts) ** -1 if counts else 1.0)
    shares = {source: caps[source] * whole for source in counts if source in caps}
    total = sum(counts.values())
    while True:
        allowed = {
            source: min(count, max(1, math.floor(shares[source] * total + 1e-9))) if source in shares else count
            for source, count in counts.items()
        }
        fewer = sum(allowed.values())
        if fewer == total:  # what is left out of one source makes the others' shares smaller
            return allowed
        total = fewer
