"""What the gate is told of a panel: a contender's `judged` in `evaluation.json`, as `registry.judged` reads it."""

from __future__ import annotations

from typing import Any


def judged(result: dict[str, Any]) -> dict[str, Any] | None:
    """From `judge_night`'s result; None where the panel has no say.

    `swap_consistency` is, in percent, that of the judge that has least of it.
    """
    if not result["say"]:
        return None
    able = [judge for judge in result["judges"] if judge["say"]]
    people = [row for row in result["items"] if row["human"] is not None]
    alone = [row for row in result["items"] if row["human"] is None]
    return {
        "judge": ", ".join(f"{judge['name']} ({judge['family']})" for judge in able),
        "swap_consistency": 100 * min(judge["swap"]["consistency"]["value"] for judge in able),
        "paired_with_human": [
            {"human": row["human"], "judge": row["difference"], "cluster": row["cluster"]} for row in people
        ],
        "n": len(alone),
        "differences": [row["difference"] for row in alone],
        "clusters": [row["cluster"] for row in alone],
    }


def gap(result: dict[str, Any]) -> str:
    """Why the gate must block, in a sentence; empty where every answer is there."""
    if result["complete"]:
        return ""
    silent = sum(sum(judge["missing"].values()) for judge in result["judges"])
    reasons = sorted({reason for judge in result["judges"] for reason in judge["missing"]})
    return f"{silent} answers of judges are missing ({'; '.join(reasons)}); mend that before the next night."
