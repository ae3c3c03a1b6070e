"""What judges add to a contender's comparison with the champion."""

from __future__ import annotations

import math

from errata.documents.comparison import Comparison, Powered
from errata.documents.evidence import JudgeSay
from errata.documents.judging import JudgeEvidence
from evaluation.statistics import mean
from evaluation.statistics.powered import Judged, combine
from registry.share import point_comparison

CONSISTENT = 80.0
"""Percent of items on which a judge's two orders must agree, or the judge has no say."""


def powered_comparison(evidence: JudgeEvidence | None, primary: Comparison) -> tuple[Powered | None, JudgeSay | None]:
    """The primary comparison with the judge's help, or else why a judge has no say.

    Both are None where there is no judge. It has no say where it did not see every item of `primary`. Raises BadInput
    where a difference is no finite number.
    """
    if evidence is None:
        return None, None
    judged = _judged(evidence)
    powered, centre = combine(judged), mean(judged.human)
    same = centre is not None and math.isclose(centre, primary.effect or 0.0, abs_tol=1e-6)
    if len(judged.human) != primary.n or not same:
        return None, JudgeSay("other items", items=len(judged.human), asked=primary.n)
    return powered, None if powered else JudgeSay("nothing to add")


def judge_consistency(evidence: JudgeEvidence) -> Comparison:
    """The guardrail of that name."""
    labelled = sum(item.human is not None for item in evidence.items)
    return point_comparison(evidence.swap_consistency, CONSISTENT, labelled)


def _judged(evidence: JudgeEvidence) -> Judged:
    labelled = [(item, item.human) for item in evidence.items if item.human is not None]
    unlabelled = [item for item in evidence.items if item.human is None]
    return Judged(
        human=tuple(human for _, human in labelled),
        judge=tuple(item.difference for item, _ in labelled),
        clusters=tuple(item.cluster for item, _ in labelled),
        more=tuple(item.difference for item in unlabelled),
        more_clusters=tuple(item.cluster for item in unlabelled),
    )
