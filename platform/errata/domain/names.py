"""Names that the outside world gives: of a video, of a reviewer, of another system."""

from __future__ import annotations

from errata.errors import BadInput

LONGEST = 500
"""Characters. A database finds rows by them, and PostgreSQL's indexes take 2,704 bytes: 4 a character at most."""


def check_name(name: str, what: str) -> None:
    """Raises BadInput for one that no index takes: it is a text in the wrong place."""
    if len(name) > LONGEST:
        raise BadInput(f"{what} has {len(name):,} characters ({name[:40]!r}…); give it {LONGEST} at most")
