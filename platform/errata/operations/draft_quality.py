"""How much of each model version's drafts people leave: the correction rate and the edit distance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from errata.database.shipping import ALIASES
from errata.domain.draft_review import DraftChanges, DraftReview
from errata.workspace import Workspace

NEWEST = 2_000
"""Reviews that are looked at: what it costs stays what it is, however long the record grows."""


@dataclass(frozen=True, slots=True)
class DraftQuality:
    """Of one model version's drafts, as their reviewers' words stand."""

    model: str
    """Its identity; of another system the name that its file gave."""
    aliases: tuple[str, ...]
    """What it is now."""
    accepted: int
    """Reviews that left the draft as it was."""
    edited: int
    rejected: int
    guessed: int
    """Of them all, those of which nobody noted whose draft was shown."""
    changes: DraftChanges
    """Of the accepted and edited ones together."""

    @property
    def reviews(self) -> int:
        return self.accepted + self.edited + self.rejected

    @property
    def correction_rate(self) -> float:
        """Percent of the reviews that edited or rejected the draft."""
        return 100 * (self.edited + self.rejected) / self.reviews

    @property
    def edit_distance(self) -> float | None:
        """Percent: see `DraftChanges`. None where every draft was rejected, or had no border."""
        return self.changes.edit_distance

    @property
    def changes_a_review(self) -> float | None:
        left = self.accepted + self.edited
        return self.changes.changes / left if left else None


def draft_quality(workspace: Workspace, most: int = NEWEST) -> Sequence[DraftQuality]:
    """By model version, of the `most` newest reviews that stand: whoever became champion last first, then the others by
    their newest review."""
    with workspace.record.read() as store:
        reviews = store.reviewed_drafts.newest(most)
        meanings = {alias: store.aliases.model_of(alias) for alias in ALIASES}
        reigns = {move.model: move.number for move in store.aliases.moves("champion")}
    by_model: dict[str, list[DraftReview]] = defaultdict(list)
    for review in reviews:
        by_model[review.model].append(review)
    versions = [_quality(model, of, meanings) for model, of in by_model.items()]
    return sorted(versions, key=lambda version: -reigns.get(version.model, 0))


def _quality(model: str, reviews: Sequence[DraftReview], meanings: Mapping[str, str | None]) -> DraftQuality:
    rejected = sum(review.kind == "reject" for review in reviews)
    corrected = sum(review.corrected for review in reviews)
    changes = (review.changes for review in reviews)
    return DraftQuality(
        model=model,
        aliases=tuple(alias for alias, identity in meanings.items() if identity == model),
        accepted=len(reviews) - corrected,
        edited=corrected - rejected,
        rejected=rejected,
        guessed=sum(review.guessed for review in reviews),
        changes=sum((change for change in changes if change), DraftChanges()),
    )
