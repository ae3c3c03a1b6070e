"""The nights as the record keeps them: their watermarks, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import NightRow
from errata.documents.document import parse
from errata.documents.draft_effects import Lean
from errata.documents.metric_values import ModelMean
from errata.documents.night import GateChange
from errata.documents.outcome import Outcome
from errata.documents.params import UNKNOWN_GATE, GateParams
from errata.files import JsonObject


@dataclass(frozen=True, slots=True)
class NightSummary:
    """What came of a night, in a few of its outcome's fields; None for what is not known, or not yet."""

    label: str
    finished: bool
    verdict: str | None
    effect: float | None
    low: float | None
    high: float | None
    n: int | None
    new_corrections: int
    fresh_items: int
    promoted: str
    evidence: str
    gate_change: GateChange | None
    """Where it was judged by another preset, or other parameters of it, than the scored night before."""


@dataclass(frozen=True, slots=True)
class NightMeans:
    """What a finished night's models scored on its fresh items, by what each was that night."""

    label: str
    verdict: str
    fresh_items: int
    promoted: str
    """The model that became champion; empty where none did."""
    equal_split_f1: float | None
    means: Mapping[str, ModelMean]


class NightLog:
    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, label: str, training_watermark: int, gate_watermark: int) -> NightRow:
        row = NightRow(label=label, training_watermark=training_watermark, gate_watermark=gate_watermark)
        self._session.add(row)
        self._session.flush()
        return row

    def drop_skipped(self, label: str) -> None:
        """Takes out a night that did nothing, so that it can begin anew."""
        self._session.execute(sa.delete(NightRow).where(NightRow.label == label, NightRow.verdict == "skipped"))

    def unfinished(self) -> NightRow | None:
        """The one night that may be so."""
        return self._session.scalar(sa.select(NightRow).where(~NightRow.finished).order_by(NightRow.number))

    def keep_gate(self, label: str, gate: GateParams) -> GateParams:
        """By which the night is judged: as it was first said, whatever is said later."""
        row = self._session.scalars(sa.select(NightRow).where(NightRow.label == label)).one()
        if row.outcome.gate == UNKNOWN_GATE:
            row.outcome = replace(row.outcome, night=label, gate=gate)
            self._session.flush()
        return row.outcome.gate

    def finish(self, outcome: Outcome) -> None:
        """Of the night that it names, which was begun."""
        row = self._session.scalars(sa.select(NightRow).where(NightRow.label == outcome.night)).one()
        row.finished, row.verdict, row.outcome = True, outcome.verdict, outcome
        self._session.flush()

    def find(self, label: str) -> NightRow | None:
        return self._session.scalar(sa.select(NightRow).where(NightRow.label == label))

    def all(self) -> Sequence[NightRow]:
        return self._session.scalars(sa.select(NightRow).order_by(NightRow.number)).all()

    def summaries(self) -> list[NightSummary]:
        """Of all nights. The database takes the fields out of its JSON: whole outcomes are slow to check and read."""
        outcome = sa.type_coerce(NightRow.outcome, sa.JSON)
        numbers = (outcome[name].as_float() for name in ("effect", "low", "high"))
        counts = (sa.func.coalesce(outcome[name].as_integer(), 0) for name in ("new_corrections", "fresh_items"))
        texts = (sa.func.coalesce(outcome[name].as_string(), "") for name in ("promoted", "evidence"))
        query = sa.select(
            NightRow.label,
            NightRow.finished,
            NightRow.verdict,
            *numbers,
            outcome["n"].as_integer(),
            *counts,
            *texts,
            outcome["gate_change"],
        )
        rows = self._session.execute(query.order_by(NightRow.number))
        return [NightSummary(*(*row[:-1], _gate_change(row[-1]))) for row in rows]

    def means(self) -> list[NightMeans]:
        """Of all finished nights, in their order; see `summaries`."""
        outcome = sa.type_coerce(NightRow.outcome, sa.JSON)
        query = sa.select(
            NightRow.label,
            sa.func.coalesce(NightRow.verdict, ""),
            sa.func.coalesce(outcome["fresh_items"].as_integer(), 0),
            sa.func.coalesce(outcome["promoted"].as_string(), ""),
            outcome["equal_split_f1"].as_float(),
            outcome["means"],
        )
        rows = self._session.execute(query.where(NightRow.finished).order_by(NightRow.number))
        return [NightMeans(row[0], row[1], row[2], row[3], row[4], _means(row[5])) for row in rows]

    def last_scored(self) -> NightRow | None:
        """The newest finished night that was not skipped."""
        row: NightRow | None = self._session.scalar(_newest_first(sa.select(NightRow)))
        return row

    def gate_watermarks(self, after: int, before: int) -> list[int]:
        """As of when finished nights asked for their labels, between the two, in order."""
        marks = sa.select(NightRow.gate_watermark).where(
            NightRow.finished, NightRow.gate_watermark > after, NightRow.gate_watermark < before
        )
        return sorted(set(self._session.scalars(marks)))

    def leans(self, upto: int) -> list[Lean]:
        """What each finished night measured whose gate watermark is `upto` at most, in order. See `summaries`."""
        lean = sa.type_coerce(NightRow.outcome, sa.JSON)["lean"]
        value, se = lean["value"].as_float(), lean["se"].as_float()
        nights = sa.select(value, se).where(NightRow.finished, NightRow.gate_watermark <= upto, value.is_not(None))
        return [Lean(*row) for row in self._session.execute(nights.order_by(NightRow.number))]

    def last_gate_watermark(self) -> int:
        """That night's; 0 before the first."""
        return self._session.scalar(_newest_first(sa.select(NightRow.gate_watermark))) or 0


def _gate_change(value: JsonObject | None) -> GateChange | None:
    return None if value is None else parse(GateChange, value, "a night's outcome", "restore the record from a backup")


def _means(value: JsonObject | None) -> Mapping[str, ModelMean]:
    remedy = "restore the record from a backup"
    return {name: parse(ModelMean, mean, "a night's outcome", remedy) for name, mean in (value or {}).items()}


def _newest_first(nights: sa.Select[Any]) -> sa.Select[Any]:
    scored = nights.where(NightRow.finished, NightRow.verdict != "skipped")
    return scored.order_by(NightRow.number.desc()).limit(1)
