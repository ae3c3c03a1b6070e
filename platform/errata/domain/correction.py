"""What a reviewer made of a prediction: an event, never an overwrite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.domain.chapter import Chapters

Kind = Literal["edit", "accept", "reject", "retract", "reference"]
KINDS: tuple[Kind, ...] = ("edit", "accept", "reject", "retract", "reference")


@dataclass(frozen=True, slots=True)
class Correction:
    transcript: int
    """`seq` of the transcript."""
    kind: Kind
    chapters: Chapters
    """The right chapters, as the reviewer left them; empty for reject and retract."""
    reviewer: str
    """Empty for `reference`: chapters that came with the transcript."""
    origin: str
    """Where it came from: a file's name, `page`, `api`."""
    identity: str
    """Hash of what was received: receiving it again changes nothing, whatever it joins by then."""
    reviewed_on: str = ""
    """The outside world's date, ISO 8601; a label. Order comes from `seq`."""
    prediction: int | None = None
    """`seq` of the prediction that was corrected; None for `reference`, and where nothing was predicted."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a transcript's chapters should be, as of some watermark: the newest correction that nobody disputes."""

    transcript: int
    transcript_hash: str
    external_id: str
    channel: str
    correction: int
    """`seq` of the correction it comes from."""
    kind: Kind
    chapters: Chapters
    reviewer: str
    prediction: int | None
    role: str
    """Of the leak group as of that watermark."""
    group: int
    """The lowest transcript `seq` in the leak group: its name."""
    group_hashes: tuple[str, ...]
    """The transcripts of the leak group, by hash."""
    first: bool
    """Whether nobody had corrected this transcript before the span of `seq` that was asked about."""
