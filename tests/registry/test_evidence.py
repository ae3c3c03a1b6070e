"""Evidence records: written once, read back whole, refused when touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errata.documents.decision import SpentTest
from errata.documents.document import as_json, from_json
from errata.documents.evidence import Evidence, Fault
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.parity import Parity
from errata.domain.hashing import sha256
from errata.errors import BadInput, NotFound, Refused
from errata.wording.gate_sentences import reasons
from evaluation.statistics.paired import compare
from registry.evidence import read_evidence, write_evidence
from registry.gate import decide
from registry.policy import SMALL
from tests.made_up_decision import OLDER_PROMOTES, OLDER_WAITS

CANDIDATE, CHAMPION, SERVER, DEVICE = "c" * 64, "a" * 64, "5" * 64, "d" * 64


def evidence_record(**changes: Any) -> EvidenceRecord:
    comparison = compare([70.0, 80.0, 90.0], [60.0, 65.0, 85.0], ["x", "y", "z"], seed=1)
    gate = Evidence(comparison, (SMALL.guardrail("anchor", comparison),))
    made = EvidenceRecord(
        night="2026-03-01",
        candidate=CANDIDATE,
        champion=CHAMPION,
        day0=CHAMPION,
        exports={"server": SERVER, "device": DEVICE},
        training_watermark=10,
        gate_watermark=20,
        policy=SMALL.name,
        gate=gate,
        decision=replace(decide(gate, SMALL), verdict="promote"),
        scores={"items.parquet": "f" * 64},
        parity={
            target: Parity(model=model, size=1, f1=comparison)
            for target, model in (("server", SERVER), ("device", DEVICE))
        },
    )
    return replace(made, **changes)


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path, digest = write_evidence(tmp_path, evidence_record())
    assert read_evidence(path) == (evidence_record(), digest)


def test_a_record_s_name_is_the_hash_of_its_bytes(tmp_path: Path) -> None:
    path, digest = write_evidence(tmp_path, evidence_record())
    assert path.name == f"{digest}.json" and sha256(path.read_bytes()) == digest
    assert write_evidence(tmp_path, evidence_record()) == (path, digest)
    assert write_evidence(tmp_path, evidence_record(gate_watermark=21))[1] != digest
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("before, after", [('"underpowered"', '"promote"'), ("10.0", "90.0"), ("ccc", "ccd")])
def test_a_changed_record_is_refused(tmp_path: Path, before: str, after: str) -> None:
    record = evidence_record()
    path, _ = write_evidence(tmp_path, replace(record, decision=replace(record.decision, verdict="underpowered")))
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(Refused, match="was changed"):
        read_evidence(path)


def test_a_renamed_record_is_refused(tmp_path: Path) -> None:
    path, digest = write_evidence(tmp_path, evidence_record())
    with pytest.raises(Refused, match=digest):
        read_evidence(path.rename(tmp_path / "evidence.json"))


def test_a_record_that_isn_t_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="can't be read"):
        read_evidence(tmp_path / "none.json")


@pytest.mark.parametrize(
    "text, what", [("[]", "is no JSON object"), ("{}", "night"), ("no", "isn't JSON"), ("\udcff", "JSON")]
)
def test_what_is_no_record_is_refused_by_place(tmp_path: Path, text: str, what: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    path = tmp_path / f"{sha256(data)}.json"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=what):
        read_evidence(path)


def test_a_verdict_that_the_gate_does_not_know_is_refused(tmp_path: Path) -> None:
    value = as_json(evidence_record())
    value["decision"]["verdict"] = "ship it"
    data = json.dumps(value)
    path = tmp_path / f"{sha256(data)}.json"
    path.write_text(data)
    with pytest.raises(BadInput, match=r"decision\.verdict"):
        read_evidence(path)


def test_a_value_that_is_no_number_is_null_and_a_fault(tmp_path: Path) -> None:
    record = evidence_record()
    broken = replace(record, gate=replace(record.gate, primary=replace(record.gate.primary, effect=float("nan"))))
    path, _ = write_evidence(tmp_path, broken)
    found, _ = read_evidence(path)
    assert found.gate.primary.effect is None and found.gate.faults == (
        Fault("no number", "the comparison", "effect", "nan"),
    )


def older_record(decision: dict[str, Any] = OLDER_PROMOTES, *faults: str) -> dict[str, Any]:
    """As it was written while faults and decisions were sentences: without a version, with notes."""
    value = as_json(evidence_record())
    del value["version"]
    gate = {name: value["gate"][name] for name in ("primary", "guardrails", "powered", "nights")}
    return value | {
        "gate": {**gate, "faults": list(faults), "notes": ["Alarm: slice_long …"]},
        "decision": dict(decision),
    }


def write(folder: Path, value: dict[str, Any]) -> Path:
    data = json.dumps(value)
    path = folder / f"{sha256(data)}.json"
    path.write_text(data)
    return path


def test_a_record_of_when_decisions_were_sentences_can_still_be_read(tmp_path: Path) -> None:
    record, _ = read_evidence(write(tmp_path, older_record()))
    assert (record.decision.verdict, record.decision.final) == ("promote", True)
    assert record.decision.test == SpentTest(1, 0.0001, 0.0027, True, 0.0973)
    assert reasons(record.decision) == OLDER_PROMOTES["reasons"], "shown as they are"
    assert record.gate == evidence_record().gate
    fault = "3 answers of judges are missing (no connection); mend that before the next night."
    faulty, _ = read_evidence(write(tmp_path, older_record(OLDER_WAITS, fault)))
    decision = decide(faulty.gate, SMALL)
    assert (decision.verdict, reasons(decision)[0]) == ("blocked", fault)


def test_a_record_of_before_there_was_an_account_can_still_be_read() -> None:
    value = older_record()
    for part, names in (
        (value["decision"], ("look", "test", "final")),
        (value["gate"], ("powered", "notes", "nights")),
        (value["gate"]["primary"], ("effective_clusters", "jackknife_se")),
    ):
        for name in names:
            del part[name]
    record = from_json(EvidenceRecord, json.loads(json.dumps(value)), "the record", "take another")
    assert (record.decision.test, record.decision.final, record.gate.nights) == (None, False, 1)
    assert decide(record.gate, SMALL).verdict == decide(evidence_record().gate, SMALL).verdict
