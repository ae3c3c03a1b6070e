"""What a release owner asks for by hand and can't have."""

from __future__ import annotations

from pathlib import Path

import pytest

from errata.documents.decision import Decision
from errata.documents.evidence import Evidence
from errata.documents.evidence_record import EvidenceRecord
from errata.errors import NotFound, Refused
from errata.loop.deliver import promote_by_hand
from errata.settings import FILE
from errata.workspace import Workspace
from evaluation.statistics.paired import compare
from registry.evidence import write_evidence

MODEL = "a" * 64


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With a champion, of which nothing but a folder is there."""
    (tmp_path / FILE).touch()
    made = Workspace.find(tmp_path)
    made.record.migrate()
    (made.models / MODEL[:16]).mkdir(parents=True)
    with made.record.write() as store:
        store.aliases.assign_alias("champion", MODEL, "day0", "test", None, None)
    return made


def test_evidence_that_is_not_there_is_not_found_rather_than_of_no_night(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match=r"missing\.json can't be read \(No such file"):
        promote_by_hand(workspace, "champion", workspace.root / "missing.json", "test")


def test_a_sound_record_that_no_night_wrote_promotes_nobody(workspace: Workspace) -> None:
    record = EvidenceRecord(
        night="n1",
        candidate=MODEL,
        champion=MODEL,
        day0=MODEL,
        exports={},
        training_watermark=1,
        gate_watermark=2,
        policy="small",
        gate=Evidence(compare([1.0], [0.0], ["a"], seed=1), ()),
        decision=Decision("promote"),
        scores={},
        parity={},
    )
    path, _ = write_evidence(workspace.root, record)
    with pytest.raises(Refused, match="was written by no night of this workspace"):
        promote_by_hand(workspace, "champion", path, "test")
