"""What became of a model once it was made: when it became champion, by whom and on what evidence, who approved, and
what took its place; in Markdown, for its version's page in MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from errata.database.aliases import ROLLBACK
from errata.database.tables import MoveRow
from errata.domain.pending_promotion import PendingPromotion
from errata.wording.approval_sentences import approval_phrase, promotion_sentence
from registry.papers.markdown_text import inert

SHOWN = 8
"""Events, the newest: MLflow holds no description of more than 5,000 characters."""
_LONGEST = 160
"""Characters of what somebody said in an event."""
_USUAL = ("promote", "waits", "retired")
"""Reasons that say no more than the move itself."""


@dataclass(frozen=True, slots=True)
class ReleaseHistory:
    """Of one model, as the record has it."""

    model: str
    moves: Sequence[MoveRow] = ()
    """Of aliases to the model or away from it, the oldest first."""
    promotions: Sequence[PendingPromotion] = ()
    """Those of it that people were asked about, the oldest first."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Numbers in MLflow by model, of those that the moves name and MLflow has."""

    @classmethod
    def of(cls, model: str, moves: Sequence[MoveRow], promotions: Sequence[PendingPromotion]) -> ReleaseHistory:
        """Without versions; all of the record's moves and promotions are given."""
        own_moves = [move for move in moves if move.alias != "day0" and model in (move.model, move.previous)]
        return cls(model, own_moves, [each for each in promotions if each.model == model])

    @property
    def others(self) -> set[str]:
        """The models that it took the place of, or that took its."""
        return {model for move in self.moves for model in (move.model, move.previous) if model} - {self.model}

    @property
    def held(self) -> dict[str, datetime]:
        """Alias to since when, of those that mean the model now."""
        held: dict[str, datetime] = {}
        for move in self.moves:
            if move.model == self.model:
                held.setdefault(move.alias, move.at)  # a rollback may move the champion to itself
            else:
                held.pop(move.alias, None)
        return held


def history_paragraphs(history: ReleaseHistory) -> Iterator[str]:
    """How the model stands, then what became of it, a line an event; nothing of one that no alias ever meant and
    nobody was asked about."""
    standing = [f"**{alias}** since {_time(since)}." for alias, since in history.held.items()]
    waiting = [_said(promotion_sentence(each)) + "." for each in history.promotions if each.state == "waiting"]
    if not standing and history.moves:
        last = history.moves[-1]
        standing = [f"It was **{last.alias}** until {_time(last.at)}."]
    if standing or waiting:
        yield " ".join((*standing, *waiting))
    events = sorted((*_moved(history), *_not_promoted(history)), key=lambda event: event[0])
    if events:
        earlier = len(events) - SHOWN
        yield "What became of it:" if earlier <= 0 else f"What became of it, after {earlier} that `errata history` has:"
        yield "\n".join(f"- {_time(at)}: {text}." for at, text in events[-SHOWN:])


def _not_promoted(history: ReleaseHistory) -> Iterator[tuple[datetime, str]]:
    """A promotion that was rejected or superseded moved no alias."""
    for promotion in history.promotions:
        if promotion.state in ("rejected", "superseded") and promotion.settled:
            yield promotion.settled, _said(promotion_sentence(promotion))


def _moved(history: ReleaseHistory) -> Iterator[tuple[datetime, str]]:
    for move in history.moves:
        if move.reason.startswith(ROLLBACK):
            yield move.at, _rollback(history, move)
        elif move.model == history.model:
            yield move.at, f"became `{move.alias}`{_in_place_of(history, move)}, {_decided(history, move)}"
        elif move.model:
            yield (
                move.at,
                f"{_named(history, move.model)} became `{move.alias}` in its place, {_decided(history, move)}",
            )
        else:
            yield move.at, f"is `{move.alias}` no more, {_decided(history, move)}"


def _rollback(history: ReleaseHistory, move: MoveRow) -> str:
    who, why = f"{inert(move.by)} rolled back", _said(move.reason.removeprefix(ROLLBACK))
    reason = f": {why}" if why else ""
    if move.model != history.model:
        instead = f"{_named(history, move.model)} became" if move.model else "nothing is"
        return f"{who}, and {instead} `{move.alias}` in its place{reason}"
    again = "stayed" if move.previous == history.model else "became"
    return f"{who}, and it {again} `{move.alias}`{_in_place_of(history, move)}{reason}"


def _in_place_of(history: ReleaseHistory, move: MoveRow) -> str:
    if not move.previous or move.previous == history.model:
        return ""
    return f" in place of {_named(history, move.previous)}"


def _decided(history: ReleaseHistory, move: MoveRow) -> str:
    """By whom, on what evidence, and with whose approval."""
    night = f" of the night {inert(move.night)}" if move.night else ""
    on = f", on the evidence `{move.evidence[:16]}`{night}" if move.evidence else ""
    approvals = _approvals(history, move)
    how = "" if move.reason in _USUAL else f" ({_said(move.reason)})"
    if approvals:
        return f"{approvals}{how}{on}"
    if move.by == "init":
        return "as `errata init` was given it"
    if move.by != "gate":
        return f"by decision of {inert(move.by)}{how}{on}"
    alone = "; nobody's approval was asked for" if move.alias == "champion" else ""
    return f"by decision of the gate{on}{alone}"


def _approvals(history: ReleaseHistory, move: MoveRow) -> str:
    """Of the promotion that the move carried out; the same evidence can have been approved more than once."""
    approved = [
        (abs(each.settled - move.at), each)
        for each in history.promotions
        if each.state == "promoted" and each.settled and each.evidence == move.evidence and move.alias == "champion"
    ]
    if not approved:
        return ""
    _, promotion = min(approved, key=lambda pair: pair[0])
    return "; ".join(_said(approval_phrase(each)) for each in promotion.approvals)


def _said(text: str) -> str:
    return inert(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def _named(history: ReleaseHistory, model: str) -> str:
    number = history.versions.get(model)
    return f"version {number} (`{model[:16]}`)" if number else f"`{model[:16]}`"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
