"""Each contender is put to the gate, with the exports that would ship of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.documents.file_names import PARITY
from errata.documents.night import Night
from errata.workspace import Workspace

if TYPE_CHECKING:
    from registry.contest import Contest


def run_gates(workspace: Workspace, night: Night, contenders: Sequence[dict[str, Any]]) -> list[Contest]:
    """Decides on every contender, in turn: a test that one has spent is spent for the next. Writes the evidence."""
    from registry.contest import judge, read_parity
    from registry.gate import History, preset

    policy = preset(workspace.params().gate.preset)
    folder = workspace.nights / night.label
    with workspace.record.read() as store:
        history = History.of(row.outcome for row in store.nights.all())
    contests = []
    for contender in contenders:
        parity = read_parity(_exported_in(workspace, night, contender) / PARITY)
        contest = judge(night, contender, parity, policy, folder, history)
        history = history.after(contest.model, contest.decision.test)
        contests.append(contest)
    return contests


def _exported_in(workspace: Workspace, night: Night, contender: dict[str, Any]) -> Path:
    """The folder of the night that made a contender, where its exports were measured."""
    if contender["name"] == "candidate":
        return workspace.nights / night.label
    with workspace.record.read() as store:
        label = next(row.label for row in store.nights.all() if row.outcome.get("candidate") == contender["model"])
    return workspace.nights / label
