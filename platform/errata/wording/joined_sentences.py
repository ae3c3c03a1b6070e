"""What it means for talks that they are joined with others, in a sentence."""

from __future__ import annotations

from errata.domain.joined_talks import JoinedTalks
from errata.wording.counts import counted


def joined_sentence(joined: JoinedTalks) -> str:
    """For talks of which some are joined."""
    talks, groups = counted(joined.talks, "talk is", "talks are"), counted(joined.groups, "group")
    held = counted(joined.held_out, "that drew train is held out", "that drew train are held out")
    return (
        f"{talks} joined with another by an id or by sentences that both have ({groups}): a group is scored once and "
        f"has its strictest member's role, by which {held if joined.held_out else 'none that drew train is held out'}"
    )
