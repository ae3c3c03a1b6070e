"""Each contender is put to the gate, with the exports that would ship of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errata.database.store import Store
from errata.documents.evaluation import ContenderScores
from errata.documents.file_names import parity_file
from errata.documents.judging import Judging
from errata.documents.night import Night
from errata.documents.parity import ParityReport
from errata.workspace import Workspace
from registry import gate_result
from registry.gate_result import GateInput, GateResult
from registry.history import GateHistory
from registry.policy import preset


def run_gates(
    workspace: Workspace, night: Night, contenders: Sequence[ContenderScores], judgings: Mapping[str, Judging]
) -> list[GateResult]:
    """Decides on every contender. Writes the evidence.

    `judgings` is what judges said, by contender.
    """
    with workspace.record.read() as store:
        history = gate_history(store)
    folder, measured = workspace.nights / night.label, []
    for contender in contenders:
        parity = ParityReport.read(folder / parity_file(contender.name))
        measured.append(GateInput(contender, parity.exports, judgings.get(contender.name), parity.unbuilt))
    return gate_result.run_gates(night, measured, preset(night.gate), folder, history)


def gate_history(store: Store) -> GateHistory:
    """Of the finished nights: tonight's row is there already, and is no night before."""
    promoted = {move.evidence for move in store.aliases.moves("champion") if move.evidence}
    return GateHistory.of((row.outcome for row in store.nights.all() if row.finished), promoted)
