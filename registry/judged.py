"""What a judge adds to a contender's comparison with the champion, from `judged` in `evaluation.json`::

{"judge": "who judged, for people to read",
 "swap_consistency": 93.5,             # percent of items that both orders judge alike; null where none was judged
 "paired_with_human": [                # exactly the items of the contender's `primary`
     {"human": 4.2,                    # points of F1, contender minus champion, as in `primary`
      "judge": 0.5,                    # the judge's verdict for the contender, on any scale; 0 for a tie
      "cluster": "channel"}, …],
 "n": 1000,                            # fresh items that no person labelled
 "differences": [0.0, …],              # the judge's verdict on each of those
 "clusters": ["channel", …]}           # the cluster of each
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from errata.documents.comparison import Comparison, Powered
from errata.errors import BadInput
from evaluation.statistics import mean
from evaluation.statistics.powered import Judged, combine
from registry.share import against

CONSISTENT = 80.0
"""Percent of items on which a judge's two orders must agree, or the judge has no say."""


def heard(value: Mapping[str, Any] | None, primary: Comparison) -> tuple[Powered | None, tuple[str, ...]]:
    """The primary comparison with the judge's help, and what is to be said of it.

    None where there is no judge, and where it did not see every item of `primary`: then it has no say. Raises BadInput
    where a value is missing, of another type, or no finite number.
    """
    if not value:
        return None, ()
    judged = _read(value)
    powered, centre = combine(judged), mean(judged.human)
    same = centre is not None and math.isclose(centre, primary.effect or 0.0, abs_tol=1e-6)
    if len(judged.human) != primary.n or not same:
        return None, (f"The judge has no say: it saw {len(judged.human)} of the {primary.n} items, or others.",)
    return powered, () if powered else ("The judge has no say: there is nothing that it could add.",)


def consistency(value: Mapping[str, Any]) -> Comparison:
    """The guardrail `judge_consistency`."""
    return against(value.get("swap_consistency"), CONSISTENT, len(value.get("paired_with_human", ())))


def _read(value: Mapping[str, Any]) -> Judged:
    try:
        pairs = value["paired_with_human"]
        judged = Judged(
            human=tuple(float(pair["human"]) for pair in pairs),
            judge=tuple(float(pair["judge"]) for pair in pairs),
            clusters=tuple(str(pair["cluster"]) for pair in pairs),
            more=tuple(map(float, value["differences"])),
            more_clusters=tuple(map(str, value["clusters"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the judge's evidence can't be read ({error!r}); judge the items again") from error
    if not len(judged.more) == len(judged.more_clusters) == value.get("n"):
        raise BadInput(
            f"the judge's evidence is of {value.get('n')} items, but holds {len(judged.more)} differences and "
            f"{len(judged.more_clusters)} clusters; judge the items again"
        )
    return judged
