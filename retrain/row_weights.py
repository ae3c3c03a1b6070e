"""How much a row's loss counts beside the others': by its source, by how far its reviewer is to be trusted, by age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from errata.documents.params import MixParams
from errata.documents.snapshot import SnapshotManifest
from errata.domain.reviewer import AgreementCount
from retrain.row_index import IndexedRow
from retrain.training_rows import TrainingRow

Row = TypeVar("Row", TrainingRow, IndexedRow)

PRIOR = AgreementCount(agreed=9, differed=1)
"""What is thought of whom no adjudication knows: right nine times in ten. So nobody is silenced for being new."""
LEAST = 0.1
"""Whoever is wrong more often than right still says where chapters might be; rows that should not train are left out by
their reason and not by a weight."""


def weighed(rows: Sequence[Row], params: MixParams, manifest: SnapshotManifest) -> list[Row]:
    """The rows, each with its weight. Their mean is 1, so that the learning rate means the same whatever is weighed
    by."""
    weights = []
    for row in rows:
        trust = trust_weight(row, manifest) if params.trust else 1.0
        age = manifest.age(row.correction) if params.half_age else 0
        weights.append(row.weight * trust / (1 + age / params.half_age if age else 1))
    mean = sum(weights) / len(weights) if weights else 1.0
    return [replace(row, weight=weight / mean) for row, weight in zip(rows, weights, strict=True)]


def trust_weight(row: TrainingRow | IndexedRow, manifest: SnapshotManifest) -> float:
    """2·p − 1 for a reviewer who is right with probability p, as a coin is worth nothing; `LEAST` at least. Adjudicated
    chapters weigh 1."""
    if row.kind == "adjudicate":
        return 1.0
    count = PRIOR + manifest.agreement.get(row.reviewer, AgreementCount())
    return max(LEAST, 2 * count.agreed / count.items - 1)
