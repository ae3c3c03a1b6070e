"""What a process does to a record that others use at the same time, for the tests of the record."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from errata.database.record import Record
from errata.domain.prediction import Prediction
from tests.made_up_record import chapters, correction


def processes(count: int) -> ProcessPoolExecutor:
    """Forked off one that has nothing open, and has imported what they need once for all."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__, "alembic.command"])
    return ProcessPoolExecutor(count, mp_context=context)


@dataclass(frozen=True)
class Writer:
    url: str
    blobs: Path
    number: int
    writes: int
    """A prediction or a correction each."""
    batch: int
    """Writes a transaction, as an import makes them."""
    talks: int
    """In the record; the writes go to them in turn."""


def write(writer: Writer) -> int:
    """Corrects and predicts for the record's first transcripts in turn; returns how many rows were new."""
    record = Record(writer.url, writer.blobs)
    new = 0
    for begin in range(0, writer.writes, writer.batch):
        with record.write() as store:
            for number in range(begin, min(begin + writer.batch, writer.writes)):
                transcript = number % writer.talks + 1
                if number % 2:
                    model = f"{writer.number:032x}{number:032x}"
                    added = store.predictions.add(Prediction(transcript, model, "inline@1", chapters(0, 50)))
                else:
                    right = chapters(0, number + 1)
                    added = store.corrections.add(correction(transcript, right, f"reviewer {writer.number} {number}"))
                new += added.new
    record.close()
    return new


def migrate(url: str, blobs: Path) -> None:
    record = Record(url, blobs)
    record.migrate()
    record.close()
