"""How a night ends: what came of it, and who holds which alias from now on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from errata.database.store import Store
from errata.documents.decision import OutcomeDecision
from errata.documents.document import to_json
from errata.documents.file_names import NO_CANDIDATE
from errata.documents.night import Night
from errata.workspace import Workspace

if TYPE_CHECKING:
    from registry.gate_result import GateResult


def night_outcome(
    workspace: Workspace, night: Night, evaluation: dict[str, Any], results: Sequence[GateResult]
) -> dict[str, Any]:
    """What the record keeps of the night, and `errata nightly --json` prints."""
    from registry.gate_result import winner_of

    winner = winner_of(results)
    with workspace.record.read() as store:
        changed = store.corrections.corrected_transcripts(night.training_watermark, night.gate_watermark)
    nothing = workspace.nights / night.label / NO_CANDIDATE
    outcome: dict[str, Any] = {
        "night": night.label,
        "verdict": "bootstrap" if night.training_watermark == 0 else "no candidate",
        "reason": json.loads(nothing.read_text())["reason"] if nothing.exists() else "",
        "new_corrections": changed,
        "fresh_items": evaluation["fresh_items"],
        "equal_split_f1": evaluation["equal_split_f1"],
        "means": evaluation["means"],
        "champion": night.champion,
        "candidate": next((result.model for result in results if result.name == "candidate"), ""),
        "promoted": winner.model if winner else "",
        "decisions": [
            to_json(OutcomeDecision(result.name, result.model, result is winner, result.sha256, result.decision))
            for result in results
        ],
    }
    return outcome | (_leading(workspace, winner or results[0]) if results else {})


def _leading(workspace: Workspace, result: GateResult) -> dict[str, Any]:
    """What the night says of itself: the promoted contender's result, or else the candidate's."""
    primary = result.evidence.primary
    return {
        "verdict": result.decision.verdict,
        "effect": primary.effect,
        "low": primary.low,
        "high": primary.high,
        "p_value": primary.p_value,
        "n": primary.n,
        "needs": result.decision.needs,
        "evidence": str(result.record.relative_to(workspace.root)),
    }


def conclude(workspace: Workspace, night: Night, results: Sequence[GateResult], outcome: dict[str, Any]) -> None:
    """Decides the aliases and finishes the night, in one transaction: no crash can part them."""
    with workspace.record.write() as store:
        _move_aliases(store, night, results)
        store.nights.finish(night.label, outcome["verdict"], outcome)


def _move_aliases(store: Store, night: Night, results: Sequence[GateResult]) -> None:
    """Promotes at most one, and lets at most one wait."""
    from registry.gate_result import next_challenger, winner_of
    from registry.promotion import promote

    winner, waits = winner_of(results), next_challenger(results)
    if winner is not None:
        promote(store, winner.model, night.label, winner.record, "gate")
    challenger = waits.model if waits else ""
    if challenger != (store.aliases.model_of("challenger") or ""):
        reason, evidence = ("waits", waits.sha256) if waits else ("retired", None)
        store.aliases.assign_alias("challenger", challenger, reason, "gate", night.label, evidence)
