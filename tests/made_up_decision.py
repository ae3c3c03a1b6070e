"""Evidence and decisions for tests, such as the version before wrote them too."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from errata.documents.document import parse
from errata.documents.evidence import Evidence
from errata.documents.guardrail import GuardrailResult
from registry.guardrail import POINTS
from registry.soundness import check_numbers

RESULT = GuardrailResult(
    name="anchor", status="passed", n=26, least=20, effect=0.3, bound=-0.6, margin=3.0, unit=POINTS, required=False,
    decides=True, alarm=False,
)  # fmt: skip
"""A guardrail that passed."""
OPEN = replace(RESULT, status="not evaluable")
"""One that could not be judged."""


def recorded(evidence: Evidence) -> Evidence:
    """As an evidence record gives it back."""
    text = json.dumps(asdict(check_numbers(evidence)), allow_nan=False)
    return parse(Evidence, json.loads(text), "the evidence", "score the candidate again")


OLDER_REASONS = """
It waits for its one test. The fresh items say as much as 300 independent ones, from 120 clusters.
Against the champion: +2.0 points of F1 (90 % interval +0.1 to +3.9, p = 0.042) on 350 fresh items from 120 clusters.
Detectable: a true gain of 4.2 points in 80 of 100 tests at the level 0.0027; with a spread of 20.0 points.
anchor: passed, +0.3 points of F1 and at worst -0.6 on 700 items; -1.0 is allowed.
best_anchor: not evaluable, not measured.
Known error of the preset annual: of 1,000 years, few have a promotion.
""".strip().splitlines()
OLDER_WAITS: dict[str, Any] = {
    "verdict": "underpowered",
    "reasons": OLDER_REASONS,
    "needs": 350,
    "look": {"items": 300.0, "design_effect": 1.17, "level": 0.0027, "mde": 4.2, "low": -1.3, "high": 5.3},
    "test": None,
    "final": False,
}
"""A decision as it was written while it was a list of sentences."""
OLDER_PROMOTES: dict[str, Any] = {
    **OLDER_WAITS,
    "verdict": "promote",
    "reasons": ["It is better on fresh items.", *OLDER_REASONS[1:]],
    "needs": None,
    "test": {"number": 1, "p_value": 0.0001, "level": 0.0027, "found": True, "wealth": 0.0973},
    "final": True,
}


def older_outcome(model: str, decision: dict[str, Any], evidence: str = "e" * 64) -> dict[str, Any]:
    """A night's, of that time: what the gate said lies flat beside the names."""
    entry = {"name": "candidate", "model": model, "promoted": decision["verdict"] == "promote", "evidence": evidence}
    return {"night": "2026-02-01", "verdict": decision["verdict"], "decisions": [{**entry, **decision}]}
