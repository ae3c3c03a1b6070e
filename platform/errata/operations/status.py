"""Where the loop stands, in one screen. Read from the record alone: quick, and right when MLflow is away."""

from __future__ import annotations

from typing import Any

from errata.workspace import Workspace

ALIASES = ("day0", "champion", "challenger", "server", "device")


def status(workspace: Workspace) -> dict[str, Any]:
    with workspace.record.read() as store:
        watermark = store.watermark()
        nights = store.nights.all()
        last = store.nights.last()
        return {
            "workspace": str(workspace.root),
            "watermark": watermark,
            "counts": {**store.counts(), "conflicts": len(store.conflicts.transcripts())},
            "roles": store.transcripts.roles(),
            "waiting_corrections": store.corrections.corrected_transcripts(
                last.gate_watermark if last else 0, watermark
            ),
            "aliases": {alias: store.aliases.model_of(alias) for alias in ALIASES},
            "untold_moves": len(store.aliases.unapplied_moves()),
            "nights": [_night(row.label, row.finished, row.outcome) for row in nights],
        }


def _night(label: str, finished: bool, outcome: dict[str, Any]) -> dict[str, Any]:
    names = ("verdict", "effect", "low", "high", "n", "new_corrections", "fresh_items", "promoted", "evidence")
    return {"label": label, "finished": finished, **{name: outcome.get(name) for name in names}}
