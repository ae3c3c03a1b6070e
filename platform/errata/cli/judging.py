"""A night's judges: asked about each contender's answers before the gate decides, where the workspace has any."""

from __future__ import annotations

from typing import Any

from errata.night import Night
from errata.workspace import Workspace, write_json


def judge_contenders(workspace: Workspace, night: Night, contenders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`evaluation.json`'s contenders with what the judges found of each: `judged`, and a fault where one is missing.

    The candidate's result is written to the night's folder as `judges.json`, the challenger's beside it.
    """
    from evaluation.judges.config import read_config
    from evaluation.judges.judged import gap, judged
    from evaluation.judges.night import FILE, judge_night, night_items, reviewed_pairs
    from evaluation.judges.seat import open_seats

    config = read_config(workspace.params())
    if not config.panel:
        return contenders
    folder = workspace.nights / night.label
    pairs = reviewed_pairs(workspace.record, night.gate_watermark)
    told = []
    for contender in contenders:
        name = contender["name"]
        items = night_items(workspace.record, folder, ("champion", name))
        found = judge_night(open_seats(config, workspace.root), items, night.label, pairs)
        write_json(folder / (FILE if name == "candidate" else f"{name}-{FILE}"), found)
        faults = [fault] if (fault := gap(found)) else []
        told.append({**contender, "judged": judged(found), "faults": [*contender.get("faults", ()), *faults]})
    return told
