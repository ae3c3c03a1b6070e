"""What a transcript's events amount to: which of them are active, and whether they agree. Pure.

- A correction that another one supersedes, or a retract names, is active no longer. It doesn't come back when the
  later one is taken back in its turn: whoever superseded it meant to.
- An adjudication speaks for all that came before it, until it, or the correction that it chose, is taken back.
- A person outranks chapters that came along (`reference`).
- People differ when their chapters do, or when one rejects the very answer that another one stands by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from errata.database.tables import CorrectionRow
from errata.domain.correction import chapters_hash
from errata.domain.reviewer import AgreementCount

History = Sequence[CorrectionRow]
"""A transcript's events in the order of `seq`."""


def active_events(history: History) -> list[CorrectionRow]:
    """Events that still count, rejects and references among them."""
    retracted = {row.supersedes for row in history if row.kind == "retract"}
    # what an adjudication names is the correction that it chose, and it takes that one out no more than the others:
    # should it be taken back, they all count again
    superseded = {row.supersedes for row in history if row.kind != "adjudicate"}
    standing = [row for row in history if row.kind != "retract" and row.seq not in superseded]
    decisions = [row for row in standing if row.kind == "adjudicate"]
    fallen = {row.seq for row in decisions if row.supersedes is not None and row.supersedes in retracted}
    last_decision = max((row.seq for row in decisions if row.seq not in fallen), default=0)
    return [row for row in standing if row.seq >= last_decision and row.seq not in fallen]


def label_sources(history: History) -> list[CorrectionRow]:
    """Active events that say what the chapters are: people's, or else the newest reference."""
    sources = [row for row in active_events(history) if row.kind != "reject"]
    people = [row for row in sources if row.kind != "reference"]
    return people or sources[-1:]


def last_words(history: History) -> list[CorrectionRow]:
    """What each person says the chapters are, on their own: adjudications decide between them, and are left out."""
    opinions = label_sources([row for row in history if row.kind != "adjudicate"])
    return [row for row in opinions if row.kind in ("edit", "accept")]


def rejections(history: History) -> list[CorrectionRow]:
    """Active events that say what the chapters are not."""
    return [row for row in active_events(history) if row.kind == "reject" and row.prediction is not None]


def people_differ(history: History, answers: Mapping[int, str]) -> bool:
    """`answers` has the `chapters_hash` of each prediction that somebody rejects, by the prediction's `seq`."""
    people = [row for row in label_sources(history) if row.kind != "reference"]
    sides = {(chapters_hash(row.chapters), row.reviewer) for row in people}
    if len({chapters for chapters, _ in sides}) > 1:
        return True
    rejected = {(answers[row.prediction], row.reviewer) for row in rejections(history) if row.prediction is not None}
    # who rejects the chapters that they give themselves differs with nobody
    return any(chapters == answer and name != rejecter for chapters, name in sides for answer, rejecter in rejected)


def is_corroborated(history: History, probation: AbstractSet[str]) -> bool:
    """Whether the label stands on more than the word of one reviewer on probation."""
    sources = label_sources(history)
    if any(row.kind in ("adjudicate", "reference") for row in sources):
        return True
    names = {row.reviewer for row in sources}
    return len(names) > 1 or not names <= probation


def agreement_counts(history: History) -> dict[str, AgreementCount]:
    """Whom the active adjudication found right and wrong: what each stood by just before it, whatever they took
    back afterwards. A merge that is nobody's own answer says nothing of anybody: each may have been partly right."""
    decisions = [row for row in active_events(history) if row.kind == "adjudicate"]
    if not decisions:
        return {}
    right = chapters_hash(decisions[-1].chapters)
    before = [row for row in history if row.seq < decisions[-1].seq and row.kind != "adjudicate"]
    opinions = {
        row.reviewer: chapters_hash(row.chapters) for row in label_sources(before) if row.kind in ("edit", "accept")
    }
    if right not in opinions.values():
        return {}
    return {name: AgreementCount(int(opinion == right), int(opinion != right)) for name, opinion in opinions.items()}
