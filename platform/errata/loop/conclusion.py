"""How a night ends: what came of it, and who holds which alias from now on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from errata.database.store import Store
from errata.documents.file_names import NO_CANDIDATE
from errata.documents.night import Night
from errata.workspace import Workspace

if TYPE_CHECKING:
    from registry.contest import Contest


def night_outcome(
    workspace: Workspace, night: Night, evaluation: dict[str, Any], contests: Sequence[Contest]
) -> dict[str, Any]:
    """What the record keeps of the night, and `errata nightly --json` prints."""
    from registry.contest import chosen

    winner = chosen(contests)
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
        "candidate": next((contest.model for contest in contests if contest.name == "candidate"), ""),
        "promoted": winner.model if winner else "",
        "decisions": [
            {
                "name": contest.name,
                "model": contest.model,
                "promoted": contest is winner,
                "evidence": contest.sha256,
                **contest.decision.as_json(),
            }
            for contest in contests
        ],
    }
    return outcome | (_leading(workspace, winner or contests[0]) if contests else {})


def _leading(workspace: Workspace, contest: Contest) -> dict[str, Any]:
    """What the night says of itself: the promoted contender's result, or else the candidate's."""
    primary = contest.evidence.primary
    return {
        "verdict": contest.decision.verdict,
        "reason": contest.decision.reasons[0],
        "effect": primary.effect,
        "low": primary.low,
        "high": primary.high,
        "p_value": primary.p_value,
        "n": primary.n,
        "needs": contest.decision.needs,
        "evidence": str(contest.record.relative_to(workspace.root)),
    }


def conclude(workspace: Workspace, night: Night, contests: Sequence[Contest], outcome: dict[str, Any]) -> None:
    """Decides the aliases and finishes the night, in one transaction: no crash can part them."""
    with workspace.record.write() as store:
        _move_aliases(store, night, contests)
        store.nights.finish(night.label, outcome["verdict"], outcome)


def _move_aliases(store: Store, night: Night, contests: Sequence[Contest]) -> None:
    """Promotes at most one, and lets at most one wait."""
    from registry.contest import chosen, waiting
    from registry.promotion import promote

    winner, waits = chosen(contests), waiting(contests)
    if winner is not None:
        promote(store, winner.model, night.label, winner.record, "gate")
    challenger = waits.model if waits else ""
    if challenger != (store.aliases.model_of("challenger") or ""):
        reason, evidence = ("waits", waits.sha256) if waits else ("retired", None)
        store.aliases.assign_alias("challenger", challenger, reason, "gate", night.label, evidence)
