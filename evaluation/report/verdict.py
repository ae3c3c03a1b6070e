"""Tonight's decision in the release owner's words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from evaluation.report.content import Report, lead
from evaluation.report.figures import plural
from evaluation.report.slices import LENGTHS

_GUARDRAIL = re.compile(r"(\w+|vintage_.+?): (passed|failed|not evaluable), (.+)", re.DOTALL)
"""How the gate's reasons word a guardrail."""
_NUMBER = r"([+-]?\d+\.\d+)"
_MEASURED = re.compile(rf"{_NUMBER} (.+?) and at worst {_NUMBER} on (\d+) items; {_NUMBER} is allowed\.")
_TOO_FEW = re.compile(r"(\d+) items where (\d+) are needed")
_TOO_WIDE = re.compile(rf"(\d+) items tell the difference to within {_NUMBER} .+?, and {_NUMBER} is asked")
_SHOWN_ONLY = "(Shown only:"
_IN_FIGURES = ("Against the champion: ", "There is nothing to compare.")
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
VINTAGE = "vintage_"
"""Begins the guardrail of what one earlier night taught."""
GUARDRAILS = {
    "anchor": "Anchor: held-out items that people corrected",
    "best_anchor": "Anchor, against the best champion ever",
    "day0_retention": "Retention: held-out items, against Day-0",
    "forgetting": "Forgetting: what earlier nights taught",
    "parsable": "Parsable: answers that can be read",
    "parity_server": "Parity of the server’s artefact",
    "parity_device": "Parity of the device’s artefact",
    "starts_server": "Chapter starts of the server’s artefact",
    "latency": "Latency: how long people wait",
    "size": "Size of what ships",
    "judge_consistency": "Judges: the same in both orders",
    "slice": "Slices by length",
    **{f"slice_{length}": name for length, name in LENGTHS.items()},
}


@dataclass(frozen=True)
class Guardrail:
    key: str
    """As the gate calls it."""
    name: str
    status: str
    """`passed`, `failed` or `not evaluable`."""
    detail: str
    decides: bool
    """False: shown, and nothing more."""
    vintage: bool
    """Whether it is of what one earlier night taught."""
    n: int | None
    """Items; None where none was measured."""
    effect: float | None
    """In `unit`; negative is worse."""
    worst: float | None
    """The worst that it may plausibly be."""
    allowed: float | None
    """What `worst` must reach; negative."""
    unit: str
    """Empty where nothing was measured."""
    lacks: int | None
    """About how many more items would make it evaluable; None where it is, or where that isn't known."""


@dataclass(frozen=True)
class Verdict:
    name: str
    """`candidate` or `challenger`."""
    model: str
    verdict: str
    """As the gate words it."""
    title: str
    promoted: bool
    findings: tuple[str, ...]
    guardrails: tuple[Guardrail, ...]
    known_error: str
    next_step: str
    """What would change the verdict, in a sentence."""
    needs: int | None
    """About how many more fresh items would decide it."""
    look: dict[str, float | None] | None
    """What the fresh items could tell, see `registry.decision.Look`."""
    primary: dict[str, float | None]
    """The comparison with the champion on fresh items, see `evaluation.statistics.Comparison`; may be empty."""

    @property
    def n(self) -> int:
        """Fresh items that were compared."""
        return int(self.primary.get("n") or 0)

    @property
    def clusters(self) -> int:
        return int(self.primary.get("clusters") or 0)


def read(decision: dict[str, Any], evaluation: dict[str, Any], winner: str = "") -> Verdict:
    """`winner` is who became champion instead, if anybody did."""
    name, reasons = decision["name"], [str(reason) for reason in decision["reasons"]]
    contests = {contest["name"]: contest for contest in evaluation.get("contenders", [])}
    guardrails = [found for reason in reasons if (found := _GUARDRAIL.fullmatch(reason))]
    prose = [reason for reason in reasons if not _GUARDRAIL.fullmatch(reason)]
    known = [reason for reason in prose if reason.startswith("Known error")]
    primary = contests.get(name, {}).get("primary", {})
    said = _IN_FIGURES if primary else ()
    return Verdict(
        name=name,
        model=decision["model"],
        verdict=decision["verdict"],
        title=_title(decision, winner),
        promoted=decision["promoted"],
        findings=tuple(reason for reason in prose if reason not in known and not reason.startswith(said)),
        guardrails=tuple(_guardrail(*_groups(found)) for found in guardrails),
        known_error=" ".join(known),
        next_step=_next_step(decision, winner),
        needs=decision["needs"],
        look=decision.get("look"),
        primary=primary,
    )


def others(report: Report) -> tuple[Verdict, ...]:
    """What was decided of those whom the page is not about."""
    first = lead(report.decisions)
    winner = first["name"] if first and first["promoted"] else ""
    return tuple(read(other, report.evaluation, winner) for other in report.decisions if other is not first)


def _guardrail(key: str, status: str, detail: str) -> Guardrail:
    measured, short, wide = _MEASURED.match(detail), _TOO_FEW.match(detail), _TOO_WIDE.match(detail)
    told = measured or short or wide
    return Guardrail(
        key=key,
        name=_name(key),
        status=status,
        detail=detail,
        decides=_SHOWN_ONLY not in detail,
        vintage=key.startswith(VINTAGE),
        n=int(told[4 if measured else 1]) if told else None,
        effect=float(measured[1]) if measured else None,
        worst=float(measured[3]) if measured else None,
        allowed=float(measured[5]) if measured else None,
        unit=measured[2] if measured else "",
        lacks=int(short[2]) - int(short[1]) if short else _lacking(wide) if wide else None,
    )


def _name(key: str) -> str:
    return f"Taught on {key.removeprefix(VINTAGE)}" if key.startswith(VINTAGE) else GUARDRAILS.get(key, key)


def _lacking(wide: re.Match[str]) -> int:
    """An interval narrows with the square root of its items."""
    n, within, asked = int(wide[1]), float(wide[2]), float(wide[3])
    return max(1, math.ceil(n * ((within / asked) ** 2 - 1))) if asked else n


def headline(report: Report) -> tuple[str, str]:
    """The page's title, and a sentence under it."""
    decision = lead(report.decisions)
    if decision is None:
        title, sentence = NOBODY.get(report.nights[-1].verdict if report.nights else "", NO_CANDIDATE)
        return title, f"{sentence} Why nothing was trained: {report.reason}." if report.reason else sentence
    found = read(decision, report.evaluation)
    return found.title, found.findings[0] if found.findings else ""


def word(verdict: str) -> str:
    return WORDS.get(verdict, verdict)


def _groups(found: re.Match[str]) -> tuple[str, str, str]:
    key, status, rest = found.groups()
    return key, status, rest


def _title(decision: dict[str, Any], winner: str) -> str:
    name, verdict = decision["name"], decision["verdict"]
    if decision["promoted"]:
        against = "" if verdict == "promote" else f", against the gate’s verdict ({word(verdict)})"
        return f"Promoted: the {name} is the new champion{against}"
    if verdict == "promote" and winner:
        return f"Not promoted: the {name} passed the gate as well, and the {winner}’s gain was surer"
    if verdict == "promote":
        return f"Not promoted yet: the {name} passed the gate and waits for the release owner"
    return NOT_PROMOTED.get(verdict, "Not promoted: {name} was found " + word(verdict)).format(name=name)


def _next_step(decision: dict[str, Any], winner: str) -> str:
    verdict, needs = decision["verdict"], decision["needs"]
    if decision["promoted"]:
        return "The decision is made; one rollback brings the former champion back."
    if winner:
        return f"Nothing tonight: the {winner} is champion now, and this was measured against the former one."
    if verdict == "promote":
        return "The release owner’s word."
    if verdict == "blocked":
        return "Mending what the findings name, and scoring again."
    if needs:
        return f"About {plural(needs, 'more fresh item')}, with which the gate could decide."
    return "A better candidate: more items would not change this one’s verdict."
