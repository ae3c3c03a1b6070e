"""Where the loop stands, in one screen. Read from the record alone: quick, and right when MLflow is away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from errata.database.record import Record
from errata.database.tables import MoveRow, NightRow
from errata.workspace import Workspace

ALIASES = ("day0", "champion", "challenger", "server", "device")


@dataclass(frozen=True, slots=True)
class NightStatus:
    """What came of a night; None for what is not known, or not yet."""

    label: str
    finished: bool
    verdict: str | None
    effect: float | None
    """F1 of the leading contender minus the champion's, in percent, with its 90 % interval."""
    low: float | None
    high: float | None
    n: int | None
    new_corrections: int
    fresh_items: int
    promoted: str
    """Empty where nobody was."""
    evidence: str
    """The evidence record, from the workspace's root; empty where nobody contended."""


@dataclass(frozen=True, slots=True)
class LoopStatus:
    workspace: Path
    watermark: int
    counts: Mapping[str, int]
    """Transcripts, predictions, corrections, conflicts."""
    roles: Mapping[str, int]
    """Transcripts by split role."""
    waiting_corrections: int
    """Corrected transcripts that no night has seen."""
    aliases: Mapping[str, str | None]
    untold_moves: int
    """Moves of aliases that MLflow has not been told of."""
    nights: tuple[NightStatus, ...]


@dataclass(frozen=True, slots=True)
class AliasMove:
    number: int
    at: datetime
    """UTC."""
    alias: str
    model: str
    """Empty where the alias means nothing from then on."""
    previous: str | None
    reason: str
    night: str | None
    evidence: str | None
    by: str
    applied: bool
    """Whether MLflow has been told."""


def loop_status(workspace: Workspace) -> LoopStatus:
    with workspace.record.read() as store:
        watermark = store.watermark()
        last = store.nights.last()
        return LoopStatus(
            workspace=workspace.root,
            watermark=watermark,
            counts={**store.counts(), "conflicts": len(store.conflicts.transcripts())},
            roles=store.transcripts.roles(),
            waiting_corrections=store.corrections.corrected_transcripts(last.gate_watermark if last else 0, watermark),
            aliases={alias: store.aliases.model_of(alias) for alias in ALIASES},
            untold_moves=len(store.aliases.unapplied_moves()),
            nights=tuple(_night(row) for row in store.nights.all()),
        )


def _night(row: NightRow) -> NightStatus:
    outcome = row.outcome
    return NightStatus(
        label=row.label,
        finished=row.finished,
        verdict=row.verdict,
        effect=outcome.effect,
        low=outcome.low,
        high=outcome.high,
        n=outcome.n,
        new_corrections=outcome.new_corrections,
        fresh_items=outcome.fresh_items,
        promoted=outcome.promoted,
        evidence=outcome.evidence,
    )


def alias_history(record: Record) -> list[AliasMove]:
    """Every move of an alias, the oldest first."""
    with record.read() as store:
        return [_move(row) for row in store.aliases.moves()]


def _move(row: MoveRow) -> AliasMove:
    return AliasMove(
        number=row.number,
        at=row.at,
        alias=row.alias,
        model=row.model,
        previous=row.previous,
        reason=row.reason,
        night=row.night,
        evidence=row.evidence,
        by=row.by,
        applied=row.applied,
    )
