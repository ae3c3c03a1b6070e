"""What a transcript's events amount to: which of them stand, and whether they agree. Pure.

- A correction that another one supersedes, or a retract names, no longer stands. It doesn't come back when the later
  one is taken back in its turn: whoever superseded it meant to.
- An adjudication speaks for all that came before it, until it, or the correction that it chose, is taken back.
- A person outranks chapters that came along (`reference`).
- People differ when their chapters do, or when one rejects the very answer that another one stands by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errata.database.tables import CorrectionRow
from errata.domain.correction import said
from errata.domain.reviewer import Tally

History = Sequence[CorrectionRow]
"""A transcript's events in the order of `seq`."""


def standing(history: History) -> list[CorrectionRow]:
    """Events that still count, rejects and references among them."""
    taken_back = {row.supersedes for row in history if row.kind == "retract"}
    gone = taken_back | {row.supersedes for row in history if row.kind != "adjudicate"}
    left = [
        row
        for row in history
        if row.kind != "retract"
        and row.seq not in gone
        and not (row.kind == "adjudicate" and row.supersedes is not None and row.supersedes in taken_back)
    ]
    decided = max((row.seq for row in left if row.kind == "adjudicate"), default=0)
    return [row for row in left if row.seq >= decided]


def live(history: History) -> list[CorrectionRow]:
    """Events that say what the chapters are: people's, or else the newest reference."""
    telling = [row for row in standing(history) if row.kind != "reject"]
    people = [row for row in telling if row.kind != "reference"]
    return people or telling[-1:]


def rejects(history: History) -> list[CorrectionRow]:
    """Standing events that say what the chapters are not."""
    return [row for row in standing(history) if row.kind == "reject" and row.prediction is not None]


def disputed(history: History, answers: Mapping[int, str]) -> bool:
    """Whether people differ. `answers` has `said` of each prediction that one of them rejects, by its `seq`."""
    sides = {(said(row.chapters), row.reviewer) for row in live(history) if row.kind != "reference"}
    if len({chapters for chapters, _ in sides}) > 1:
        return True
    refused = {(answers[row.prediction], row.reviewer) for row in rejects(history) if row.prediction is not None}
    return any(chapters == answer and name != other for chapters, name in sides for answer, other in refused)


def seconded(history: History, probation: frozenset[str] | set[str]) -> bool:
    """Whether the label stands on more than the word of one reviewer on probation."""
    behind = live(history)
    names = {row.reviewer for row in behind}
    return any(row.kind in ("adjudicate", "reference") for row in behind) or len(names) > 1 or not names <= probation


def tallied(history: History) -> dict[str, Tally]:
    """Whom the standing adjudication found right and wrong: what each stood by just before it, whatever they took
    back afterwards. A merge that is nobody's own answer says nothing of anybody: each may have been partly right."""
    decisions = [row for row in standing(history) if row.kind == "adjudicate"]
    if not decisions:
        return {}
    right = said(decisions[-1].chapters)
    before = [row for row in history if row.seq < decisions[-1].seq and row.kind != "adjudicate"]
    opinions = {row.reviewer: said(row.chapters) for row in live(before) if row.kind in ("edit", "accept")}
    if right not in opinions.values():
        return {}
    return {name: Tally(int(opinion == right), int(opinion != right)) for name, opinion in opinions.items()}
