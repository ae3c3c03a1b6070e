"""Which model ships under which alias: each move is decided here, in the record, and told to MLflow afterwards.

`challenger`, by which nothing ships, is moved where a night ends.

The caller owns the transaction: all the moves of one promotion are made, or none.
"""

from __future__ import annotations

from pathlib import Path

from errata.database.aliases import ROLLBACK
from errata.database.shipping import (
    NOTHING,
    AliasTarget,
    ShippingState,
    export_before,
    rollback_moves,
    shipping_state,
)
from errata.database.store import Store
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.params import TARGETS, Target
from errata.errors import Refused
from registry.evidence import read_evidence


def install_day0(store: Store, identity: str, by: str) -> None:
    """Makes a model Day-0 and the first champion. Doing it again changes nothing; Refused for another model."""
    day0 = store.aliases.model_of("day0")
    if day0 == identity:
        return
    if day0 is not None:
        raise Refused(f"Day-0 is {day0[:16]}… and stays it for ever; begin another workspace for {identity[:16]}…")
    for alias in ("day0", "champion"):
        store.aliases.assign_alias(alias, identity, "day0", by, night=None, evidence=None)


def promote(
    store: Store, identity: str, night: str | None, evidence: Path | None, by: str, reason: str = "promote"
) -> None:
    """Makes `identity` the champion, and those of its exports that passed what ships.

    The evidence record must say `promote` of that very model, compared with the present champion, and where that
    promotion waits for people, enough of them must have approved; Refused otherwise. Doing it again changes nothing.
    """
    if evidence is None:
        raise Refused(f"{identity[:16]}… has no evidence record, so it can't be promoted; let the gate judge it first")
    record, sha256 = _promoting_evidence(identity, evidence)
    now = shipping_state(store.aliases.moves())
    if now.get("champion") == AliasTarget(identity, sha256):
        return
    _check_champion(now, record, evidence)
    pending = store.pending_promotions.waiting_for(sha256)
    if pending is not None and pending.missing:
        raise Refused(
            f"{identity[:16]}… waits for approval: {len(pending.approvers)} of {pending.needed} have approved; `errata "
            "approve` does"
        )
    # The champion moves first: what follows its move is read as part of the same promotion.
    for alias, model in {"champion": identity, **_targets(record, evidence)}.items():
        store.aliases.assign_alias(alias, model, reason, by, night, sha256)
    if pending is not None:
        store.pending_promotions.settle(pending, "promoted")
    _supersede(store, identity)


def check_promotion(store: Store, identity: str, evidence: Path) -> None:
    """Raises Refused where `promote` would whoever approved: for whoever is the first of two to approve."""
    record, _ = _promoting_evidence(identity, evidence)
    _check_champion(shipping_state(store.aliases.moves()), record, evidence)
    _targets(record, evidence)


def promote_target(store: Store, target: Target, evidence: Path, by: str) -> str:
    """Makes the champion's export for one target what ships, on a record that says so of it, while all else stays;
    returns the export.

    Refused where the record is about another model than the present champion, didn't promote it, or holds the export
    back. Doing it again changes nothing.
    """
    record, sha256 = read_evidence(evidence)
    now = shipping_state(store.aliases.moves())
    if now.get("champion", NOTHING).model != record.candidate:
        raise Refused(f"{evidence} is about {record.candidate[:16]}…, which isn't the champion by now; score again")
    if record.decision.verdict != "promote":
        raise Refused(f"{evidence} says {record.decision.verdict!r}, not 'promote'; only what was promoted ships")
    model = _targets(record, evidence).get(target)
    if model is None:
        raise Refused(f"{evidence} holds the {target} export back; see why in its decision")
    if now.get(target, NOTHING).model != model:
        store.aliases.assign_alias(target, model, "promote", by, None, sha256)
    return model


def rollback(store: Store, by: str, reason: str, to: str = "") -> dict[str, str]:
    """Moves all that ships back to what it was before the last promotion, or when the model `to` was champion; returns
    alias to model, empty for none.

    The next rollback goes one promotion further back. Refused where nothing came before.
    """
    back = rollback_moves(store.aliases.moves(), to)
    if not back and to:
        raise Refused(
            f"{to[:16]} was no champion before the present one; `errata history` lists those that were, and `errata "
            "promote` makes one champion again on its evidence"
        )
    if not back:
        raise Refused("nothing was promoted before the present champion, so there is nothing to roll back to")
    for alias, target in back.items():
        store.aliases.assign_alias(alias, target.model, ROLLBACK + reason, by, None, target.evidence)
    _supersede(store, back["champion"].model)
    return {alias: target.model for alias, target in back.items()}


def roll_back_target(store: Store, target: Target, by: str, reason: str) -> str:
    """Moves one target alone back to the export that shipped before, while all else stays; returns it, empty for none.

    The next goes one export further back. Refused for the server's, which ships together with its model, and where no
    export ships.
    """
    before = export_to_bring_back(store, target)
    store.aliases.assign_alias(target, before.model, ROLLBACK + reason, by, None, before.evidence)
    return before.model


def export_to_bring_back(store: Store, target: Target) -> AliasTarget:
    """By `roll_back_target`, which refuses what this does."""
    if target == "server":
        raise Refused("the server's export ships together with its model; errata rollback without --target moves both")
    before = export_before(store.aliases.moves(), target)
    if before is None:
        raise Refused(f"no {target} export ships, so there is nothing to roll back")
    return before


def _promoting_evidence(identity: str, evidence: Path) -> tuple[EvidenceRecord, str]:
    """With its SHA-256. Raises Refused where it isn't about the model, or doesn't say `promote`."""
    record, sha256 = read_evidence(evidence)
    if record.candidate != identity:
        raise Refused(
            f"{evidence} is about {record.candidate[:16]}…, not {identity[:16]}…; name the model's own record"
        )
    if record.decision.verdict != "promote":
        raise Refused(
            f"{evidence} says {record.decision.verdict!r}, not 'promote'; only the gate's 'promote' moves the champion"
        )
    return record, sha256


def _supersede(store: Store, champion: str) -> None:
    """What waits and was compared with another champion can't be promoted any more."""
    for pending in store.pending_promotions.waiting():
        if pending.champion != champion:
            store.pending_promotions.settle(pending, "superseded", f"{champion[:16]} became champion meanwhile")


def _check_champion(now: ShippingState, record: EvidenceRecord, evidence: Path) -> None:
    champion = now["champion"].model if "champion" in now else ""
    if record.champion != champion:
        raise Refused(
            f"{evidence} compares with {record.champion[:16] or 'no champion'}…, but the champion is "
            f"{champion[:16] or 'none'}… by now; score the candidate against that one"
        )


def _targets(record: EvidenceRecord, evidence: Path) -> dict[str, str]:
    """The exports of a record that ship, each measured on the very files; of a target that is held back, the alias
    stays where it is."""
    for target, model in record.exports.items():
        if target not in TARGETS or target not in record.parity or record.parity[target].model != model:
            raise Refused(f"{evidence} did not score the export {target} {model[:16]}…; measure its parity first")
    shipping = record.shipping
    return {target: shipping[target] for target in TARGETS if target in shipping}
