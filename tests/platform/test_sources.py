"""Collections that transcripts come from: named when they are imported, and weighed by that name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errata.database.record import Record
from errata.database.tables import TranscriptRow
from errata.documents.params import SourceParams
from errata.errors import BadInput
from errata.operations.importing import import_transcripts
from retrain.curate import weighted
from retrain.row_index import indexed_rows
from retrain.snapshot import snapshot
from tests.made_up_record import add, talk
from tests.made_up_rows import index, read_snapshot

TEXT = {"text": "Hello there. Soil first.", "segments": [{"start": 1, "end": 9, "text": "Hello there. Soil first."}]}


def whisper(folder: Path, name: str, **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(TEXT | changes))
    return folder / f"{name}.json"


def sources(record: Record) -> dict[str, str]:
    with record.read() as store:
        rows = store._session.query(TranscriptRow).all()
        return {row.external_id: row.source for row in rows}


def test_an_import_names_the_source_and_the_first_name_stays(record: Record, tmp_path: Path) -> None:
    file, rejects = whisper(tmp_path / "talks", "abc"), tmp_path / "rejects"
    assert import_transcripts(record, file, rejects, source="external").new == 1
    assert import_transcripts(record, file, rejects, source="internal").duplicate == 1
    assert sources(record) == {"abc": "external"}


def test_a_name_that_no_database_takes_is_refused(record: Record, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="source"):
        import_transcripts(record, whisper(tmp_path / "talks", "abc"), tmp_path / "rejects", source="a" * 501)


def test_a_row_says_its_source_or_else_its_channel(record: Record, tmp_path: Path) -> None:
    add(record, talk("by channel", channel="Gardens"), "train", 0, 30)
    with record.write() as store:
        named = store.transcripts.add(talk("by name", channel="Gardens"), "train", source="external")
        watermark = store.watermark()
    assert named.new
    add(record, talk("by name", channel="Gardens"), "train", 0, 30)
    with record.read() as store:
        watermark = store.watermark()
    snapshot(record, tmp_path / "s", watermark)
    assert {row.external_id: row.source for row in read_snapshot(tmp_path / "s")} == {
        "by channel": "Gardens",
        "by name": "external",
    }


def test_a_forgotten_talk_s_source_is_forgotten(record: Record) -> None:
    with record.write() as store:
        store.transcripts.add(talk("t"), "train", source="external")
        store.tombstones.record_deletion("t", "ann", "asked")
    assert set(sources(record).values()) == {""}


def test_a_source_s_weight_is_its_rows(record: Record, tmp_path: Path) -> None:
    for channel in ("Gardens", "Tools"):
        add(record, talk(channel, channel=channel), "train", 0, 30)
    with record.read() as store:
        snapshot(record, tmp_path / "s", store.watermark())
    rows = weighted(index(read_snapshot(tmp_path / "s")), {"Gardens": SourceParams(weight=0.5)})
    assert {row.source: row.weight for row in indexed_rows(rows)} == {"Gardens": 0.5, "Tools": 1.0}
