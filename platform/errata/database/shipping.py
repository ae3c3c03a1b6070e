"""What ships, and what shipped before: read from the moves of aliases, which are the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from errata.database.aliases import ROLLBACK
from errata.database.tables import MoveRow
from errata.documents.params import TARGETS, Target

SHIPPING_ALIASES = ("champion", *TARGETS)
"""An alias for each form in which the champion ships, beside its own."""
ALIASES = ("day0", "champion", "challenger", *TARGETS)
"""All that are ours."""


@dataclass(frozen=True, slots=True)
class AliasTarget:
    """What an alias means, and since which evidence."""

    model: str
    evidence: str | None


NOTHING = AliasTarget("", None)
ShippingState = Mapping[str, AliasTarget]
"""What each alias of `SHIPPING_ALIASES` means; those that mean nothing aren't there."""


def shipping_state(moves: Iterable[MoveRow]) -> ShippingState:
    """What ships after `moves`."""
    states = _states(moves)
    return states[-1] if states else {}


def rollback_target(moves: Iterable[MoveRow]) -> ShippingState:
    """What a rollback would bring back; nothing where there is none."""
    states = _states(moves)
    return states[-2] if len(states) > 1 else {}


def export_before(moves: Iterable[MoveRow], target: Target) -> AliasTarget | None:
    """What a rollback of one target alone would bring back: `NOTHING` where its first export ships, and None where none
    does."""
    shipped: list[AliasTarget] = []
    for move in moves:
        if move.alias != target:
            continue
        meant = AliasTarget(move.model, move.evidence) if move.model else NOTHING
        if move.reason.startswith(ROLLBACK):
            while shipped and shipped[-1] != meant:
                shipped.pop()
        if meant != NOTHING and meant not in shipped[-1:]:
            shipped.append(meant)
    return None if not shipped else shipped[-2] if len(shipped) > 1 else NOTHING


def former_champions(moves: Iterable[MoveRow]) -> list[str]:
    """Who a rollback can bring back, the latest first."""
    earlier = _states(moves)[-2::-1]
    return list(dict.fromkeys(state["champion"].model for state in earlier if "champion" in state))


def rollback_moves(moves: Iterable[MoveRow], to: str = "") -> ShippingState:
    """What each alias that a rollback moves would mean, of an empty name nothing; none where nothing came before.

    It goes back by one promotion, or until the model `to` was champion. The champion is moved even to itself: by that
    move the history knows a rollback.
    """
    *earlier, now = _states(moves) or [{}]
    wanted = [state for state in earlier if state.get("champion", NOTHING).model == to] if to else earlier
    if not wanted or "champion" not in wanted[-1]:
        return {}
    then = wanted[-1]
    return {
        alias: then.get(alias, NOTHING)
        for alias in SHIPPING_ALIASES
        if alias == "champion" or then.get(alias) != now.get(alias)
    }


def _states(moves: Iterable[MoveRow]) -> Sequence[ShippingState]:
    """What shipped after each promotion that wasn't rolled back, the present state last.

    A promotion begins with the champion's move; what follows it belongs to it.
    """
    states: list[dict[str, AliasTarget]] = []
    for move in moves:
        if move.alias not in SHIPPING_ALIASES:
            continue
        if move.alias == "champion" and move.reason.startswith(ROLLBACK):
            states.pop()
            while len(states) > 1 and states[-1].get("champion", NOTHING).model != move.model:
                states.pop()  # one that went back by several promotions
        elif move.alias == "champion":
            states.append(dict(states[-1]) if states else {})
        elif not states:  # a target that was moved before there was any champion
            states.append({})
        if move.model:
            states[-1][move.alias] = AliasTarget(move.model, move.evidence)
        else:
            states[-1].pop(move.alias, None)
    return states
