"""Names that the outside world gives, of a video, of a reviewer, of another system, and how its words are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from errata.errors import BadInput

LONGEST = 500
"""Characters. A database finds rows by them, and PostgreSQL's indexes take 2,704 bytes: 4 a character at most."""
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_name(name: str, what: str) -> None:
    """Raises BadInput for one that no index takes: it is a text in the wrong place."""
    if len(name) > LONGEST:
        raise BadInput(f"{what} has {len(name):,} characters ({name[:40]!r}…); give it {LONGEST} at most")


def printable(text: str) -> str:
    """Characters that HTML may not hold, UTF-8 can't, or a terminal takes for commands, as U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", text)


def meant(name: str, names: Iterable[str]) -> str:
    """` (do you mean rank?)`, which ends a complaint about a name that is none of `names`; empty where none is near."""
    near = get_close_matches(name, list(names), n=1)
    return f" (do you mean {near[0]}?)" if near else ""
