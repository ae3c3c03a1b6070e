"""What a reviewer made of a model's draft, counted: what was left, renamed, added and taken out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from errata.domain.chapter import Chapters
from errata.domain.correction import Kind


@dataclass(frozen=True, slots=True)
class DraftChanges:
    """Between a draft and the right chapters. A border is the whole second, or word, that a chapter starts at; one that
    was moved is one taken out and one added."""

    kept: int = 0
    """Borders of both, with the same title."""
    renamed: int = 0
    """Borders of both, with another title."""
    added: int = 0
    removed: int = 0

    @classmethod
    def between(cls, draft: Chapters, right: Chapters) -> DraftChanges:
        before, after = _titles(draft), _titles(right)
        shared = before.keys() & after.keys()
        kept = sum(before[start] == after[start] for start in shared)
        return cls(kept, len(shared) - kept, len(after) - len(shared), len(before) - len(shared))

    def __add__(self, other: DraftChanges) -> DraftChanges:
        return DraftChanges(
            self.kept + other.kept,
            self.renamed + other.renamed,
            self.added + other.added,
            self.removed + other.removed,
        )

    @property
    def changes(self) -> int:
        return self.renamed + self.added + self.removed

    @property
    def edit_distance(self) -> float | None:
        """Percent: changes, of all the borders that either has; 0 where nothing was changed. None of no border."""
        borders = self.kept + self.changes
        return 100 * self.changes / borders if borders else None

    @property
    def border_f1(self) -> float | None:
        """Percent: how far the two have the same borders, whatever they call them. None of no border."""
        shared = 2 * (self.kept + self.renamed)
        borders = shared + self.added + self.removed
        return 100 * shared / borders if borders else None


@dataclass(frozen=True, slots=True)
class DraftReview:
    """What stands of one reviewer's review of one draft."""

    transcript: int
    reviewer: str
    kind: Kind
    """`edit`, `accept` or `reject`."""
    at: datetime
    model: str
    """Whose draft it was: a model's identity, or the name that a file gave another system."""
    guessed: bool
    """Whether nobody noted whose draft was shown: `model` made the answer that the reviewer most likely saw."""
    draft: Chapters
    right: Chapters
    """Empty for a reject."""

    @property
    def changes(self) -> DraftChanges | None:
        """None for a reject, which says nothing of what would be right."""
        return None if self.kind == "reject" else DraftChanges.between(self.draft, self.right)

    @property
    def corrected(self) -> bool:
        """Whether the draft did not do as it was: rejected, or anything in it changed."""
        changes = self.changes
        return changes is None or changes.changes > 0


def _titles(chapters: Chapters) -> dict[int, str]:
    return {int(chapter.start): chapter.title for chapter in chapters}
