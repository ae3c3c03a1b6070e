"""Each contender is put to the gate, with the exports that would ship of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from errata.documents.evaluation import ContenderScores
from errata.documents.file_names import PARITY
from errata.documents.judging import Judging
from errata.documents.night import Night
from errata.workspace import Workspace
from registry.gate_result import GateInput, GateResult, read_parity, run_gate
from registry.history import GateHistory
from registry.policy import preset


def run_gates(
    workspace: Workspace, night: Night, contenders: Sequence[ContenderScores], judgings: Mapping[str, Judging]
) -> list[GateResult]:
    """Decides on every contender, in turn: a test that one has spent is spent for the next. Writes the evidence.

    `judgings` is what judges said, by contender.
    """
    policy = preset(workspace.params().gate.preset)
    folder = workspace.nights / night.label
    with workspace.record.read() as store:
        history = GateHistory.of(row.outcome for row in store.nights.all())
    results = []
    for contender in contenders:
        parity = read_parity(_export_night(workspace, night, contender) / PARITY)
        gate_input = GateInput(contender, parity, judgings.get(contender.name))
        result = run_gate(night, gate_input, policy, folder, history)
        history = history.after(result.model, result.decision.test)
        results.append(result)
    return results


def _export_night(workspace: Workspace, night: Night, contender: ContenderScores) -> Path:
    """The folder of the night that made a contender, where its exports were measured."""
    if contender.name == "candidate":
        return workspace.nights / night.label
    with workspace.record.read() as store:
        label = next(row.label for row in store.nights.all() if row.outcome.candidate == contender.model)
    return workspace.nights / label
