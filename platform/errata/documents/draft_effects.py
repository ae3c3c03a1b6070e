"""What a contender's effect is by what its items' labels were made from; `evaluation.draft_effects` measures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.documents.comparison import Comparison

LabelSource = Literal["blind", "champion", "another", "unknown", "reference"]
"""`blind`: the reviewer saw no draft. `champion`, `another`: whose draft they edited. `unknown`: nobody knows what they
saw. `reference`: the chapters came with the talk."""


@dataclass(frozen=True, slots=True)
class Lean:
    """By how much a night's drafted labels favoured whoever drafted them."""

    value: float
    """Points of F1 that a label takes from a contender for each point of F1 by which the champion's answer is nearer to
    the draft than the contender's."""
    se: float


@dataclass(frozen=True, slots=True)
class GatheredLean:
    """What nights together say of a further one."""

    nights: int
    value: float
    sd: float
    """Of the further night's lean around `value`: how sure that is, and how nights differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEffects:
    """Contender minus champion on the fresh items that decide."""

    labelled: Comparison
    """As if each label were the truth."""
    by_source: dict[LabelSource, Comparison]
    """The same, of each source that there is."""
    rectified: bool
    """Whether the primary comparison is rectified by the lean; else it is `labelled`, without what was made from the
    contender's own drafts."""
    lean: GatheredLean | None
    """Of the nights before these items; None where too few measured it."""
    most: float | None
    """Points of F1 by which `labelled` leans towards the champion at most (95 %), if what nobody knows was drafted by
    the champion; None where nothing tells how far labels lean."""
    asked_blind: float
    """Share of the labels that should be blind (`gate.blind_share`)."""

    @property
    def blind(self) -> int:
        """Labels that no draft can have swayed."""
        return sum(self.by_source[source].n for source in ("blind", "reference") if source in self.by_source)

    @property
    def is_short_of_blind(self) -> bool:
        return self.blind < self.asked_blind * self.labelled.n
