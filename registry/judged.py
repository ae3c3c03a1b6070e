"""What judges add to a contender's comparison with the champion."""

from __future__ import annotations

import math

from errata.documents.comparison import Comparison, Powered
from errata.documents.evidence import Fault, JudgeSay
from errata.documents.judging import Judging
from evaluation.statistics.paired import mean
from evaluation.statistics.powered import JudgeDifferences, combine
from registry.guardrail import point_comparison

CONSISTENT = 80.0
"""Percent of items on which a judge's two orders must agree, or the judge has no say."""


def powered_comparison(panel: Judging | None, primary: Comparison) -> tuple[Powered | None, JudgeSay | None]:
    """The primary comparison with the judge's help, or else why a judge has no say.

    Both are None where there is no panel of judges that have a say. They have none here where they did not see every
    item of `primary`, and where that is rectified: what single labels say of a difference isn't, and is what a judge's
    differences are held against. Raises BadInput where a difference is no finite number.
    """
    if panel is None:
        return None, None
    if primary.labelled_effect is not None:
        return None, JudgeSay("rectified")
    judged = _differences(panel)
    powered, centre = combine(judged), mean(judged.human)
    same = centre is not None and math.isclose(centre, primary.effect or 0.0, abs_tol=1e-6)
    if len(judged.human) != primary.n or not same:
        return None, JudgeSay("other items", items=len(judged.human), asked=primary.n)
    return powered, None if powered else JudgeSay("nothing to add")


def judge_consistency(panel: Judging) -> Comparison:
    """The guardrail of that name: of the judge of the panel that has least of it."""
    shares = [judge.swap.consistency.value for judge in panel.judges if judge.say]
    labelled = sum(item.human is not None for item in panel.items)
    # A judge has no say without a consistency, so that there is always a least one.
    return point_comparison(100 * min(share for share in shares if share is not None), CONSISTENT, labelled)


def missing_answers(judging: Judging) -> tuple[Fault, ...]:
    """One fault, or none where every judge answered all that it had to."""
    if judging.complete:
        return ()
    count = sum(sum(judge.missing.values()) for judge in judging.judges)
    reasons = sorted({reason for judge in judging.judges for reason in judge.missing})
    return (Fault("answers missing", "judges", "; ".join(reasons), str(count)),)


def _differences(panel: Judging) -> JudgeDifferences:
    labelled = [(item, item.human) for item in panel.items if item.human is not None]
    unlabelled = [item for item in panel.items if item.human is None]
    return JudgeDifferences(
        human=tuple(human for _, human in labelled),
        judge=tuple(item.difference for item, _ in labelled),
        clusters=tuple(item.cluster for item, _ in labelled),
        more=tuple(item.difference for item in unlabelled),
        more_clusters=tuple(item.cluster for item in unlabelled),
    )
