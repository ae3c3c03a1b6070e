"""What there is to see and hear of the talks that rows are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from errata.database.record import Record
from errata.domain.transcript import Transcript
from errata.domain.vector_shard import VectorShard
from errata.inference.artefact import Card
from retrain.training_rows import TrainingRow

VectorsById = Mapping[str, tuple[VectorShard, ...]]
"""Of each recording that any were made of, by its talk's outside id."""


def seen_vectors(record: Record, model: Path) -> VectorsById:
    """What there is to be shown to the model in that folder: nothing where it reads words alone."""
    return record.ask(lambda store: store.videos.all_vectors()) if Card.read(model).senses else {}


def seen_transcript(row: TrainingRow, vectors: VectorsById) -> Transcript:
    """The row's transcript with the vectors of its recording; an altered copy has its words alone, since its times are
    the recording's no more."""
    transcript = row.read_transcript()
    return transcript if row.altered else replace(transcript, vectors=vectors.get(row.external_id, ()))
