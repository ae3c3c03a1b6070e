"""Where a talk's recording can be played from: an address that a browser may open and nothing else."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from errata.errors import BadInput

ID = "{id}"
"""Stands in a pattern for a transcript's id."""
LONGEST_ADDRESS = 2000
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
"""It stands in a header, where a semicolon would begin something else, and other letters than these have a spelling in
these."""


def media_address(pattern: str, external_id: str) -> str:
    """The address of one talk's recording: `pattern` with the talk's id in it. Raises BadInput."""
    return checked_media(pattern.replace(ID, quote(external_id, safe="")))


def check_media_pattern(pattern: str) -> None:
    """Raises BadInput for one that is no address, or that is the same for every talk."""
    if ID not in pattern:
        raise BadInput(
            "--media-url {!r} would be the same for every talk; write {} where its id stands", pattern[:80], ID
        )
    media_address(pattern, "id")


def checked_media(address: str) -> str:
    """The address itself. Raises BadInput for one that isn't of http or https: `javascript:` is an address too."""
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(parts.netloc))
    except ValueError:  # of a host in brackets that is none
        is_web = False
    if not is_web or len(address) > LONGEST_ADDRESS or not address.isprintable() or any(map(str.isspace, address)):
        raise BadInput(
            "the media address {!r} is none that a browser plays; give one that begins with https:// or http://, "
            "without a password or blanks",
            address[:80],
        )
    return address
