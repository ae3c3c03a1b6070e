"""Several judges as one: the mean of those that have a say, and nothing where one of them is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.judges.agreement import estimate, krippendorff_alpha, on_differences
from evaluation.judges.item import Item
from evaluation.judges.pairwise import Verdict
from evaluation.judges.standing import Standing
from evaluation.statistics import compare

FAMILIES = 2
"""A panel of several families agrees better with people than one large judge (PoLL, arXiv 2404.18796)."""

Verdicts = Mapping[str, Sequence[Verdict | None]]
"""Of each judge that has a say, by name: a verdict an item."""


def has_a_say(standings: Sequence[Standing]) -> tuple[bool, str]:
    """Whether those judges make a panel, and why or why not."""
    able = [standing for standing in standings if standing.say]
    families = sorted({standing.family for standing in able})
    if not standings:
        return False, "No judges are configured."
    if not able:
        return False, "No judge has a say."
    if len(families) < FAMILIES:
        return False, f"The judges with a say are all of one family, {families[0]}; {FAMILIES} are needed."
    return True, f"{len(able)} of {len(standings)} judges, of {len(families)} families, have a say."


def combine(items: Sequence[Item], verdicts: Verdicts, seed: int = 0) -> dict[str, Any]:
    """The panel's verdict: its mean, and a row for each item that every judge of the panel answered.

    `verdict` is in [−1, 1] and positive where the candidate is better; `missing` are transcripts without an answer.
    """
    columns = list(zip(*verdicts.values(), strict=True)) if verdicts else [()] * len(items)
    whole = [
        (item, [found.value for found in given if found is not None])
        for item, given in zip(items, columns, strict=True)
        if given and None not in given
    ]
    rows = [_row(item, dict(zip(verdicts, values, strict=True))) for item, values in whole]
    known = {row["transcript"] for row in rows}
    return {
        "n": len(rows),
        "items": rows,
        "missing": [item.number for item in items if item.number not in known] if verdicts else [],
        "verdict": _verdict(rows, seed),
        "differences": _with_reviewers(rows, seed),
        "alpha": estimate(
            krippendorff_alpha, [values for _, values in whole], [item.cluster for item, _ in whole], seed
        ).as_json(),
    }


def _row(item: Item, values: dict[str, int]) -> dict[str, Any]:
    return {
        "transcript": item.number,
        "cluster": item.cluster,
        "difference": sum(values.values()) / len(values),
        "judges": values,
        "human": item.effect,
    }


def _verdict(rows: Sequence[dict[str, Any]], seed: int) -> dict[str, Any]:
    given = [row["difference"] for row in rows]
    found = compare(given, [0.0] * len(given), [row["cluster"] for row in rows], seed)
    return {
        "mean": found.effect,
        "low": found.low,
        "high": found.high,
        "se": found.se,
        "clusters": found.clusters,
        "wins": sum(value > 0 for value in given),
        "ties": sum(value == 0 for value in given),
        "losses": sum(value < 0 for value in given),
    }


def _with_reviewers(rows: Sequence[dict[str, Any]], seed: int) -> dict[str, Any]:
    both = [row for row in rows if row["human"] is not None]
    human, judged, clusters = ([row[name] for row in both] for name in ("human", "difference", "cluster"))
    return on_differences(human, judged, clusters, seed).as_json()
