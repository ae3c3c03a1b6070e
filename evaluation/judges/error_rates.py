"""How often a judge's "better" and "not better" are right, and what a share that it counted would be without its error.

People's verdict on a difference is which of two answers is better: by what they left of one, or by the sign of the
difference in score against what they left.
"""

from __future__ import annotations

from collections.abc import Sequence

from errata.documents.judging import CorrectedShare, IntervalEstimate, PanelItem, VerdictRates
from evaluation.judges.agreement import share_estimate
from evaluation.statistics.shares import Share, corrected_share, share

Finding = tuple[bool, bool, str]
"""Whether people find the new answer better, whether the judge does, and the item's cluster."""


def verdict_rates(findings: Sequence[Finding]) -> VerdictRates:
    return VerdictRates(
        true_positive=_estimate([(judge, cluster) for people, judge, cluster in findings if people]),
        true_negative=_estimate([(not judge, cluster) for people, judge, cluster in findings if not people]),
    )


def on_corrections(labels: Sequence[int], verdicts: Sequence[int], clusters: Sequence[str]) -> VerdictRates:
    """Labels and verdicts as in `agreement`. Nobody chose which of two answers is called the new one, so that each pair
    counts both ways round: what a reviewer left is better where the label is 1, and the other answer never is."""
    rows = list(zip(labels, verdicts, clusters, strict=True))
    forward = [(True, verdict == 1, cluster) for label, verdict, cluster in rows if label == 1]
    turned = [(False, verdict == -1, cluster) for _, verdict, cluster in rows]
    return verdict_rates([*forward, *turned])


def on_differences(rows: Sequence[tuple[float, float, str]]) -> VerdictRates:
    """Each row has the reviewers' difference, the judge's, and the item's cluster; no difference is "not better"."""
    return verdict_rates([(human > 0, judge > 0, cluster) for human, judge, cluster in rows])


def better_share(rows: Sequence[PanelItem]) -> CorrectedShare | None:
    """Of the items that nobody reviewed; the panel's error is measured on the others. None where there are none."""
    bare = [row for row in rows if row.human is None]
    if not bare:
        return None
    counted = share([row.difference > 0 for row in bare], [row.cluster for row in bare])
    wins = sum(row.difference > 0 for row in bare)
    corrected = None if counted is None else _corrected(counted, rows)
    value, low, high = corrected or (None, None, None)
    return CorrectedShare(len(bare), len({row.cluster for row in bare}), wins / len(bare), value, low, high)


def _corrected(counted: Share, rows: Sequence[PanelItem]) -> tuple[float, float, float] | None:
    reviewed = [(row.human > 0, row.difference > 0, row.cluster) for row in rows if row.human is not None]
    right = [(judge, cluster) for people, judge, cluster in reviewed if people]
    wrong = [(not judge, cluster) for people, judge, cluster in reviewed if not people]
    true_positive, true_negative = _share(right), _share(wrong)
    if true_positive is None or true_negative is None:
        return None
    return corrected_share(counted, true_positive, true_negative)


def _share(hits: Sequence[tuple[bool, str]]) -> Share | None:
    return share([hit for hit, _ in hits], [cluster for _, cluster in hits])


def _estimate(hits: Sequence[tuple[bool, str]]) -> IntervalEstimate:
    return share_estimate([hit for hit, _ in hits], [cluster for _, cluster in hits])
