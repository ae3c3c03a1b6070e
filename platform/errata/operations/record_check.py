"""Whether the record still is what was written, after what can be made again was, where somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from errata.database.fsck import Findings, fsck, repair
from errata.database.repairs import RepairResult
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RecordCheck:
    findings: Findings
    repaired: RepairResult | None
    """All that was made anew; None where nobody asked for it."""


def check_record(workspace: Workspace, repair_by: str | None = None) -> RecordCheck:
    """What `fsck` finds, after a repair where somebody, who is kept in the record, asks for one."""
    # the repair first: the findings are what it leaves
    repaired = None if repair_by is None else repair(workspace.record, repair_by)
    return RecordCheck(fsck(workspace.record), repaired)
