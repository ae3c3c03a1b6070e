"""What the service alone can say to who asks: each a sentence, and HTTP's status for its kind.

DoorClosed
├── Unknown    it doesn't know who asks                 HTTP 401
├── Forbidden  whose role may not                       HTTP 403
├── Slow       a request that doesn't come to an end    HTTP 408
├── TooLarge   a body beyond a limit                    HTTP 413
├── WrongHost  a host by which it isn't to be called    HTTP 421
└── TooMany    more than it takes at once               HTTP 429

and `BadField`, which is bad input whose place in the body is known.
"""

from __future__ import annotations

from errata.errors import BadInput, DoorClosed


class Unknown(DoorClosed):
    http_status = 401


class Forbidden(DoorClosed):
    http_status = 403


class Slow(DoorClosed):
    http_status = 408


class TooLarge(DoorClosed):
    http_status = 413


class WrongHost(DoorClosed):
    http_status = 421


class TooMany(DoorClosed):
    http_status = 429

    def __init__(self, sentence: str, *names: object, retry_after: float) -> None:
        super().__init__(sentence, *names)
        self.retry_after = retry_after
        """Seconds."""


class BadField(BadInput):
    def __init__(self, field: str, sentence: str, *names: object) -> None:
        super().__init__(sentence, *names)
        self.field = field
        """As the body has it, such as `segments.3.start`."""
