"""What is shown beside the comparison that decides, because of how its labels came about."""

from __future__ import annotations

from errata.documents.comparison import Comparison
from errata.documents.evaluation import ContenderScores, LaterLabels
from errata.wording.draft_sentences import draft_sentences


def beside(scores: ContenderScores) -> tuple[str, ...]:
    """On what was accepted, what counts no more, what was labelled anew and what drafts did; none where nothing is to
    be said."""
    accepted = [_accepted(scores.accepted)] if scores.accepted.n else []
    excluded = [_excluded(scores.excluded)] if scores.excluded.n else []
    later = [_later(scores.later_labels)] if scores.later_labels else []
    drafted = draft_sentences(scores.drafts, scores.primary) if scores.drafts else []
    return (*accepted, *excluded, *later, *drafted)


def _accepted(accepted: Comparison) -> str:
    items = "1 more item was" if accepted.n == 1 else f"{accepted.n} more items were"
    return (
        f"{items} accepted as drafted and left out, since whose draft it was has 100 there: "
        f"{_points(accepted)} on them."
    )


def _excluded(excluded: Comparison) -> str:
    one = excluded.n == 1
    items = "1 item that was scored before counts" if one else f"{excluded.n} items that were scored before count"
    return (
        f"{items} no more, since a twin of {'it' if one else 'each'} was found that is held out or was trained on: "
        f"{_points(excluded)} on {'it' if one else 'them'}."
    )


def _later(later: LaterLabels) -> str:
    have = "has" if later.withdrawn == 1 else "have"
    withdrawn = f"{later.withdrawn} {have} no label any more" if later.withdrawn else ""
    if not later.changed:
        return f"Of the items, {withdrawn}; they count by the label that they had when they were first scored."
    changed = f"{later.changed} got another label after they were first scored" + (withdrawn and f", and {withdrawn}")
    return (
        f"Of the items, {changed}. The first label counts: on the changed ones that is {_points(later.then)}, "
        f"and by the labels of now {_points(later.now)}."
    )


def _points(comparison: Comparison) -> str:
    return "nothing" if comparison.effect is None else f"{comparison.effect:+z.1f} points of F1"
