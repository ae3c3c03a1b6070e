"""Which of the champion's exports were held back, and are so still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from errata.database.shipping import NOTHING, AliasTarget, shipping_state
from errata.database.store import Store
from errata.database.tables import MoveRow, NightRow
from errata.documents.decision import TargetOutcome
from errata.errors import NotFound
from errata.inference.artefact import model_folder, original_of


def held_exports(store: Store, models: Path) -> Sequence[TargetOutcome]:
    """Of the champion, as the night said that promoted it; without those that a release owner has shipped since."""
    moves = store.aliases.moves()
    now = shipping_state(moves)
    champion = now.get("champion", NOTHING)
    held = _held(_nights(store, moves, champion)).get(champion.evidence or "", ())
    return [each for each in held if _made_from(now.get(each.target, NOTHING).model, models) != champion.model]


def _nights(store: Store, moves: Sequence[MoveRow], champion: AliasTarget) -> Sequence[NightRow]:
    """The one that promoted the champion; all of them where a person did, later. Outcomes are slow to read."""
    labels = [move.night for move in moves if move.alias == "champion" and move.evidence == champion.evidence]
    night = store.nights.find(labels[0] or "") if labels else None
    return store.nights.all() if night is None else [night]


def held_by_promotion(store: Store) -> Mapping[str, tuple[TargetOutcome, ...]]:
    """By the evidence of a promotion, the exports that were held back in it; of one that held none back, nothing."""
    return _held(store.nights.all())


def _held(nights: Sequence[NightRow]) -> Mapping[str, tuple[TargetOutcome, ...]]:
    entries = [entry for row in nights for entry in row.outcome.decisions]
    return {entry.evidence: entry.decision.held_targets for entry in entries if entry.decision.held_targets}


def _made_from(export: str, models: Path) -> str:
    """Empty where nothing ships, and where its files are gone, which `errata fsck` says."""
    with suppress(NotFound):
        return original_of(model_folder(export, models))
    return ""
