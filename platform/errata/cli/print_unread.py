"""What `errata chapters` says of what it can't read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from errata.domain.names import printable

if TYPE_CHECKING:
    from errata.operations.chaptering import UnreadTalk

MOST_PLACES = 10


def print_unread(unread: Sequence[UnreadTalk]) -> None:
    """A reason that many files have is said once."""
    alike: dict[str, list[UnreadTalk]] = {}
    for talk in unread:
        alike.setdefault(talk.kind or talk.reason, []).append(talk)
    for kind, talks in alike.items():
        if len(talks) == 1:
            sys.stderr.write(f"errata: {printable(talks[0].reason)}\n")
            continue
        sys.stderr.write(f"errata: {len(talks)}× {printable(kind)}\n")
        for talk in talks[:MOST_PLACES]:
            sys.stderr.write(f"  {printable(talk.place)}\n")
        if len(talks) > MOST_PLACES:
            sys.stderr.write(f"  and {len(talks) - MOST_PLACES} more\n")
