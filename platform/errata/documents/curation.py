"""What curation left out, and how much was left to train on: its `report.json`."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document


@dataclass(frozen=True, slots=True)
class CurationReport(Document):
    kept: int
    left_out: dict[str, int]
    """Rows, by the reason."""
