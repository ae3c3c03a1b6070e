"""Several judges as one: the mean of those that have a say, and nothing where one of them is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errata.documents.judging import (
    IntervalEstimate,
    JudgeReliability,
    PanelItem,
    PanelVerdict,
    SayReason,
    VerdictRates,
)
from evaluation.judges.agreement import correlate_differences, estimate, krippendorff_alpha
from evaluation.judges.error_rates import on_differences
from evaluation.judges.judged_item import JudgedItem
from evaluation.judges.pairwise import PairVerdict
from evaluation.statistics.paired import compare

FAMILIES = 2
"""A panel of several families agrees better with people than one large judge (PoLL, arXiv 2404.18796)."""

Verdicts = Mapping[str, Sequence[PairVerdict | None]]
"""Of each judge that has a say, by name: a verdict an item."""


def panel_say(judges: Sequence[JudgeReliability]) -> tuple[bool, SayReason]:
    """Whether those judges make a panel, and why or why not."""
    families = {judge.family for judge in judges if judge.say}
    if not judges:
        return False, SayReason("no judges")
    if not families:
        return False, SayReason("none able")
    if len(families) < FAMILIES:
        return False, SayReason("one family", FAMILIES)
    return True, SayReason("panel", FAMILIES)


def panel_items(items: Sequence[JudgedItem], verdicts: Verdicts) -> tuple[PanelItem, ...]:
    """A row for each item that the gate counts and every judge of the panel answered."""
    rows = []
    for place, item in enumerate(items):
        by_judge = {name: of_judge[place] for name, of_judge in verdicts.items()}
        values = {name: verdict.value for name, verdict in by_judge.items() if verdict is not None}
        # a mean over other judges than the next item's would be another scale
        if item.decides and values and len(values) == len(by_judge):
            mean = sum(values.values()) / len(values)
            rows.append(PanelItem(item.number, item.cluster, mean, values, item.effect))
    return tuple(rows)


def panel_verdict(rows: Sequence[PanelItem], seed: int = 0) -> PanelVerdict:
    values = [row.difference for row in rows]
    comparison = compare(values, [0.0] * len(values), [row.cluster for row in rows], seed)
    return PanelVerdict(
        mean=comparison.effect,
        low=comparison.low,
        high=comparison.high,
        se=comparison.se,
        clusters=comparison.clusters,
        wins=sum(value > 0 for value in values),
        ties=sum(value == 0 for value in values),
        losses=sum(value < 0 for value in values),
    )


def panel_differences(rows: Sequence[PanelItem]) -> IntervalEstimate:
    """How the panel's differences follow the reviewers', on the items that people labelled."""
    return correlate_differences(_labelled_differences(rows))


def panel_rates(rows: Sequence[PanelItem]) -> VerdictRates:
    """The panel finds the contender's answer better where the mean of its judges does."""
    return on_differences(_labelled_differences(rows))


def _labelled_differences(rows: Sequence[PanelItem]) -> list[tuple[float, float, str]]:
    return [(row.human, row.difference, row.cluster) for row in rows if row.human is not None]


def panel_alpha(rows: Sequence[PanelItem]) -> IntervalEstimate:
    values = [list(row.judges.values()) for row in rows]
    return estimate(krippendorff_alpha, values, [row.cluster for row in rows])
