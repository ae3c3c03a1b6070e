"""What a reviewer made of a prediction: an event, never an overwrite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.domain.chapter import Chapters

Kind = Literal["edit", "accept", "reject", "retract", "reference"]
KINDS: tuple[Kind, ...] = ("edit", "accept", "reject", "retract", "reference")


@dataclass(frozen=True, slots=True)
class Correction:
    transcript_hash: str
    kind: Kind
    chapters: Chapters
    """The right chapters, as the reviewer left them; empty for reject and retract."""
    reviewer: str
    """Empty for `reference`: chapters that came with the transcript."""
    origin: str
    """Where it came from: a file's name, `page`, `api`."""
    reviewed_on: str = ""
    """The outside world's date, ISO 8601; a label. Order comes from `seq`."""
    prediction_hash: str | None = None
    """The prediction that was corrected; None for `reference`, and where nothing was predicted."""
    supersedes: str | None = None
    """Content hash of the correction that this one replaces or retracts."""
