"""Rows of descriptions: made by the stages that make those of chapters, one for each chunk that is described."""

from __future__ import annotations

from pathlib import Path

from errata.database.record import Record
from errata.documents.params import AugmentParams
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from retrain.altered_copies import copies
from retrain.curate import curate_rows
from retrain.mix import encode_rows
from retrain.snapshot import snapshot
from tests.made_up_descriptions import walk
from tests.made_up_model import make_tokenizer
from tests.made_up_record import correction
from tests.made_up_rows import read_snapshot


def test_a_description_that_people_mended_is_a_row_of_its_chunk(record: Record, tmp_path: Path) -> None:
    talk, described = walk("pond")
    with record.write() as store:
        store.asked_task.set("description")
        seq = store.transcripts.add(talk, "train").seq
        store.corrections.add(correction(seq, described[:2]))
    with record.read() as store:
        upto = store.labels.newest()
        (label,) = store.labels.between(0, upto)
    assert label.task == "description"
    snapshot(record, tmp_path, upto)
    (row,) = curate_rows(read_snapshot(tmp_path))
    assert row.task == "description"
    assert not copies(row, AugmentParams(seed=1, share=1.0)), "an altered copy says other words than what is described"
    task = chapter_task(Card("description+60", 512), make_tokenizer(spaced=False))
    rows, left_out = encode_rows([row], task)
    assert len(rows) == 2 and not left_out, "of the third minute nobody has said what happens"
