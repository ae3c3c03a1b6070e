"""What judges are asked about."""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript


def cluster_of(channel: str, number: int) -> str:
    """What an item is alike within: its channel, or itself where it has none. Without its outside id, so that what
    judges found needs no change when a transcript is forgotten."""
    return channel or f"transcript {number}"


@dataclass(frozen=True)
class AnswerPair:
    """Two answers to one transcript. A verdict on it is positive where `new` is better."""

    transcript: Transcript
    old: Chapters
    new: Chapters
    cluster: str
    label: int | None = None
    """What reviewers said of it: 1, `new` is better; 0, `new` is at least as good; None, nothing."""


@dataclass(frozen=True)
class JudgedItem:
    """A night's item: what champion and candidate answered to one transcript, and what the reviewer left."""

    number: int
    """The transcript's `seq`."""
    transcript: Transcript
    cluster: str
    champion: Chapters
    candidate: Chapters
    reviewed: Chapters | None = None
    """None for an item that nobody has corrected: judges may be asked of it all the same."""
    kind: str = ""
    """Of the correction: `edit`, `accept`, …"""
    effect: float | None = None
    """Score of candidate minus score of champion against the correction: the reviewers' own difference."""

    @property
    def decides(self) -> bool:
        """Whether the gate counts it: an accepted answer has 100 for whose draft it was."""
        return self.kind != "accept"

    def pair(self) -> AnswerPair:
        return AnswerPair(self.transcript, self.champion, self.candidate, self.cluster)

    def accepted_pair(self) -> AnswerPair | None:
        """An accepted answer is at least as good as the other model's; None where nothing was accepted."""
        if self.kind != "accept" or self.reviewed is None:
            return None
        return AnswerPair(self.transcript, self.candidate, self.reviewed, self.cluster, 0)

    def edited_pair(self) -> AnswerPair | None:
        """What a reviewer wrote is better than what the champion answers; None where nothing was edited."""
        if self.kind not in ("edit", "adjudicate") or self.reviewed is None:
            return None
        return AnswerPair(self.transcript, self.champion, self.reviewed, self.cluster, 1)
