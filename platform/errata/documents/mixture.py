"""What a candidate learns from, in numbers: the `report.json` of the mix."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureReport(Document):
    new: int
    """Rows that the starting model has not trained on,"""
    replayed: int
    """and those that it has."""
    examples: int
    """Rows of token ids: a long transcript gives several."""
    tokens: int
    labels: int
    """Tokens that are learnt."""
    left_out: int
    """Examples that don't fit the model."""
