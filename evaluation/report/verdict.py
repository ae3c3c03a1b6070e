"""Tonight's decision in the release owner's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evaluation.report.content import Report, lead
from evaluation.report.figures import plural

_GUARDRAIL = re.compile(r"(\w+): (passed|failed|not evaluable), (.+)", re.DOTALL)
"""How the gate's reasons word a guardrail."""
_IN_FIGURES = ("Candidate minus champion: ", "There is nothing to compare.")
"""Findings that the comparison's own figures say."""

WORDS = {
    "promote": "promoted",
    "reject": "rejected",
    "inconclusive": "inconclusive",
    "underpowered": "underpowered",
    "blocked": "blocked",
    "bootstrap": "first night",
    "skipped": "skipped",
}
NOT_PROMOTED = {
    "reject": "Not promoted: the {name} was rejected",
    "inconclusive": "Not promoted: the difference is too small to tell from none",
    "underpowered": "Not promoted: too few items to judge by",
    "blocked": "Not promoted: the evidence can’t be judged",
}
NOBODY = {
    "bootstrap": ("The first night: nothing to compare yet", "Day-0 is the champion until a candidate beats it."),
    "skipped": ("Nothing new tonight", "No correction arrived, so nothing was trained; the champion stays."),
}
NO_CANDIDATE = ("No candidate tonight", "Nothing was trained that could be compared; the champion stays.")
GUARDRAILS = {
    "anchor": "Anchor: held-out items that people corrected",
    "day0_retention": "Retention: held-out items, against Day-0",
    "parsable": "Parsable: answers that can be read",
    "parity_server": "Parity of the server’s artefact",
    "parity_device": "Parity of the device’s artefact",
}


@dataclass(frozen=True)
class Guardrail:
    name: str
    status: str
    """`passed`, `failed` or `not evaluable`."""
    detail: str


@dataclass(frozen=True)
class Verdict:
    name: str
    """`candidate` or `challenger`."""
    title: str
    promoted: bool
    findings: tuple[str, ...]
    guardrails: tuple[Guardrail, ...]
    known_error: str
    next_step: str
    """What would change the verdict."""
    primary: dict[str, Any]
    """The comparison with the champion on fresh items, see `evaluation.statistics.Comparison`; may be empty."""


def read(decision: dict[str, Any], evaluation: dict[str, Any]) -> Verdict:
    name, reasons = decision["name"], [str(reason) for reason in decision["reasons"]]
    contests = {contest["name"]: contest for contest in evaluation.get("contenders", [])}
    guardrails = [found for reason in reasons if (found := _GUARDRAIL.fullmatch(reason))]
    prose = [reason for reason in reasons if not _GUARDRAIL.fullmatch(reason)]
    known = [reason for reason in prose if reason.startswith("Known error")]
    primary = contests.get(name, {}).get("primary", {})
    said = _IN_FIGURES if primary else ()
    return Verdict(
        name=name,
        title=_title(decision),
        promoted=decision["promoted"],
        findings=tuple(reason for reason in prose if reason not in known and not reason.startswith(said)),
        guardrails=tuple(
            Guardrail(GUARDRAILS.get(key, key), status, rest) for key, status, rest in map(_groups, guardrails)
        ),
        known_error=" ".join(known),
        next_step=_next_step(decision),
        primary=primary,
    )


def headline(report: Report) -> tuple[str, str]:
    """The page's title, and a sentence under it."""
    decision = lead(report.decisions)
    if decision is None:
        return NOBODY.get(report.nights[-1].verdict if report.nights else "", NO_CANDIDATE)
    found = read(decision, report.evaluation)
    return found.title, found.findings[0] if found.findings else ""


def word(verdict: str) -> str:
    return WORDS.get(verdict, verdict)


def _groups(found: re.Match[str]) -> tuple[str, str, str]:
    key, status, rest = found.groups()
    return key, status, rest


def _title(decision: dict[str, Any]) -> str:
    name, verdict = decision["name"], decision["verdict"]
    if decision["promoted"]:
        against = "" if verdict == "promote" else f", against the gate’s verdict ({word(verdict)})"
        return f"Promoted: the {name} is the new champion{against}"
    if verdict == "promote":
        return f"Not promoted yet: the {name} passed the gate and waits for the release owner"
    return NOT_PROMOTED.get(verdict, "Not promoted: {name} was found " + word(verdict)).format(name=name)


def _next_step(decision: dict[str, Any]) -> str:
    verdict, needs = decision["verdict"], decision["needs"]
    if decision["promoted"]:
        return "Nothing is open. One rollback brings the former champion back."
    if verdict == "promote":
        return "The release owner’s word."
    if verdict == "blocked":
        return "Mending what the findings name, and scoring again."
    if needs:
        return f"About {plural(needs, 'more fresh item')}."
    return "A better candidate: more items would not change this one’s verdict."
