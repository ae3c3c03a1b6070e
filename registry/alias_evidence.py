"""Whether an evidence record allows what an alias means."""

from __future__ import annotations

from pathlib import Path

from errata.documents.params import TARGETS
from errata.errors import Refused
from registry.evidence import read_evidence


def check_alias_evidence(alias: str, model: str, evidence: Path) -> None:
    """Raises Refused where the record is about another model, or doesn't say `promote` of what ships, and as
    `read_evidence` does. A challenger waits, whatever the gate said of it."""
    record, _ = read_evidence(evidence)
    judged = record.exports.get(alias, "") if alias in TARGETS else record.candidate
    if judged == model and alias in TARGETS and alias not in record.shipping:
        raise Refused(f"{evidence} holds the {alias} export back; roll back")
    if judged != model:
        raise Refused(f"{evidence} is about {judged[:16] or 'no such export'}; promote again on a night's own record")
    if alias != "challenger" and record.decision.verdict != "promote":
        raise Refused(f"{evidence} says {record.decision.verdict!r}, not 'promote'; roll back")
