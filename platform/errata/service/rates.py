"""How often somebody may ask: a bucket for each key and address that fills at a rate and holds so much."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from errata.service.door_errors import TooMany

_MOST_BUCKETS = 10_000
"""Beyond that, who asked longest ago is forgotten: an attacker with many addresses fills no memory."""


class Rates:
    """Used by the event loop alone."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What is left in each, and when that was so."""

    def take(self, who: str, rate: float, most: float) -> None:
        """One request of `who`, who has `rate` a second and `most` at once. Raises TooMany where none is left."""
        left = self._left(who, rate, most)
        if left < 1:
            raise TooMany(
                "that is more than {} requests a second; wait and try again", f"{rate:g}", retry_after=(1 - left) / rate
            )
        self._keep(who, left - 1)

    def check(self, who: str, rate: float, most: float) -> None:
        """Raises TooMany where nothing is left; takes nothing."""
        left = self._left(who, rate, most)
        if left < 1:
            raise TooMany("too many wrong keys came from this address; wait a minute", retry_after=(1 - left) / rate)

    def _left(self, who: str, rate: float, most: float) -> float:
        left, then = self._buckets.get(who, (most, self._now()))
        return min(most, left + (self._now() - then) * rate)

    def _keep(self, who: str, left: float) -> None:
        self._buckets[who] = (left, self._now())
        self._buckets.move_to_end(who)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
