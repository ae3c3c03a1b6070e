"""Where the loop stands, in one screen. Read from the record, and so right when MLflow is away.

What MLflow says otherwise, the loop asks for besides (`loop/moved_aliases.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.database.nights import NightSummary
from errata.database.record import Record
from errata.database.shipping import ALIASES
from errata.database.tables import MoveRow
from errata.documents.alias_check import MovedAlias
from errata.documents.decision import TargetOutcome
from errata.documents.document import read_document
from errata.documents.drift import DriftReport
from errata.documents.equal_split import EqualSplitAlarm
from errata.documents.file_names import LAST_DRIFT
from errata.domain.joined_talks import JoinedTalks
from errata.domain.pending_promotion import Approval, PendingPromotion
from errata.operations.canary_trial import CanaryState, canary_state
from errata.operations.held_exports import held_by_promotion, held_exports
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LoopStatus:
    workspace: Path
    watermark: int
    counts: Mapping[str, int]
    """Transcripts, predictions, corrections, conflicts."""
    roles: Mapping[str, int]
    """Transcripts by the split role that they drew."""
    joined: JoinedTalks
    """Of which what they drew may not count."""
    waiting_corrections: int
    """Corrected transcripts that no night has seen."""
    aliases: Mapping[str, str | None]
    held_exports: Sequence[TargetOutcome]
    """Of the champion, those that were held back and don't ship by now either."""
    untold_moves: int
    """Moves of aliases that MLflow has not been told of."""
    waiting_requests: int
    """That release owners made on the dashboard, and nobody has carried out."""
    promotions: Sequence[PendingPromotion]
    """That people were asked about, the oldest first; those that wait for them among these."""
    nights: Sequence[NightSummary]
    preset: str
    """Of the gate, on the newest scored night; empty where that isn't known."""
    equal_split_alarm: EqualSplitAlarm | None
    """Of the champion, by the newest scored night; None also where that night didn't score it."""
    canary: CanaryState | None = None
    """The one that runs, or the one that ended last; None where there never was one."""
    drift: DriftReport | None = None
    """What the newest look has found, if it was at the champion of now."""
    moved_aliases: Sequence[MovedAlias] = ()
    mlflow_problem: str = ""
    """Why MLflow could not be asked; empty where it was, or nobody wanted to."""


def loop_status(workspace: Workspace) -> LoopStatus:
    with workspace.record.read() as store:
        watermark, last, champion = store.watermark(), store.nights.last_scored(), store.aliases.model_of("champion")
        return LoopStatus(
            workspace=workspace.root,
            watermark=watermark,
            counts={**store.counts(), "conflicts": len(store.conflicts.transcripts())},
            roles=store.transcripts.roles(),
            joined=store.leak_groups.joined(),
            waiting_corrections=store.labels.changed_transcripts(store.nights.last_gate_watermark(), watermark),
            aliases={alias: store.aliases.model_of(alias) for alias in ALIASES},
            held_exports=held_exports(store, workspace.models),
            untold_moves=len(store.aliases.unapplied_moves()),
            waiting_requests=len(store.registry_requests.waiting()),
            promotions=store.pending_promotions.all(),
            nights=store.nights.summaries(),
            preset=last.outcome.gate_params.preset if last else "",
            equal_split_alarm=last.outcome.equal_split_alarm(champion) if last and champion else None,
            canary=canary_state(store),
            drift=_last_drift(workspace, champion),
        )


def _last_drift(workspace: Workspace, champion: str | None) -> DriftReport | None:
    place = workspace.root / LAST_DRIFT
    report = read_document(DriftReport, place, "errata drift writes it anew") if place.exists() else None
    return report if report is not None and report.champion == champion else None


@dataclass(frozen=True, slots=True)
class AliasHistory:
    moves: Sequence[MoveRow]
    """Every move of an alias, the oldest first."""
    held: Mapping[str, tuple[TargetOutcome, ...]]
    """By evidence of a promotion, the exports that were held back in it; of one that held none back, nothing."""
    promotions: Sequence[PendingPromotion]
    """That people were asked about, with what each of them said, the oldest first."""

    def approvals(self, move: MoveRow) -> Sequence[Approval]:
        """By which a move of an alias was approved; none where the gate alone decided, or nobody was asked."""
        of_it = [each for each in self.promotions if (each.state, each.evidence) == ("promoted", move.evidence)]
        # settled in the transaction that made the move, and so the first after it; the same may be promoted twice
        after = (each for each in of_it if each.settled and each.settled >= move.at and each.by == move.by)
        return next((each.approvals for each in after), ())


def alias_history(record: Record) -> AliasHistory:
    with record.read() as store:
        return AliasHistory(store.aliases.moves(), held_by_promotion(store), store.pending_promotions.all())
