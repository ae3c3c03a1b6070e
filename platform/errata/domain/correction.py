"""What a reviewer made of a prediction: an event, never an overwrite, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from errata.domain.chapter import Chapters, chapters_to_json, tidy
from errata.domain.hashing import content_hash
from errata.domain.prediction import Prediction
from errata.domain.task_name import TaskName

Kind = Literal["edit", "accept", "reject", "retract", "adjudicate", "reference"]
KINDS: tuple[Kind, ...] = ("edit", "accept", "reject", "retract", "adjudicate", "reference")


NO_DRAFT = ""
"""`draft_by` of a review that was made blind."""


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
    supersedes: int | None = None
    """`seq` of the correction that a retract takes back, whoever gave it, or that an adjudication chose. None: a merge,
    or else the reviewer's own newest one."""
    why: str = ""
    draft_by: str | None = None
    """Whose draft the reviewer was shown: a model's identity, or the name that a file gives. NO_DRAFT: nobody's. None:
    not known; `prediction` is then what the reviewer most likely saw, which is a guess."""


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
    """Whether this transcript had no label by people before the span of `seq` that was asked about: neither at its
    beginning nor at the end of an earlier night."""
    corroborated: bool = True
    """Whether it may gate: it stands on more than the word of one reviewer on probation."""
    draft_by: str | None = None
    """Of the correction that it comes from."""
    source: str = ""
    """The transcript's: the name that its import gave, or else its channel."""
    task: TaskName = "chapters"
    """Of a chat, `chapters` has the messages: each with its time, and its text for a title. Of descriptions it has
    those, each where its chunk begins."""


@dataclass(frozen=True, slots=True)
class Preference:
    """What people left is better than what was predicted."""

    transcript: int
    correction: int
    model: str
    chosen: Chapters
    rejected: Chapters
    role: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one of several reviewers says of a transcript."""

    reviewer: str
    chapters: Chapters
    predicted: Chapters | None
    """What they corrected; None where nothing was predicted."""


@dataclass(frozen=True, slots=True)
class DoubleReview:
    """A transcript that two reviewers or more have said the chapters of, whether they agree or not."""

    transcript: int
    channel: str
    role: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of those who differ on a transcript."""

    correction: int
    reviewer: str
    kind: Kind
    chapters: Chapters
    reviewed_on: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A transcript on which reviewers differ: until it is adjudicated, it neither trains nor gates."""

    transcript: int
    external_id: str
    title: str
    sides: tuple[Side, ...]
    """What each stands by, in the order in which they came; a reject has no chapters."""


def chapters_hash(chapters: list[dict[str, Any]]) -> str:
    """Equal for chapters, in JSON, that say the same: order, spaces and `12` for `12.0` don't count."""
    return content_hash(sorted([float(chapter["start"]), tidy(chapter["title"])] for chapter in chapters))


def preference(label: Label, predicted: Prediction) -> Preference | None:
    """The pair that a correction of `predicted` yields; None where the reviewer left it as it was."""
    if same_chapters(label.chapters, predicted.chapters):
        return None
    return Preference(
        label.transcript, label.correction, predicted.model, label.chapters, predicted.chapters, label.role
    )


def same_chapters(one: Chapters, other: Chapters) -> bool:
    return chapters_hash(chapters_to_json(one)) == chapters_hash(chapters_to_json(other))
