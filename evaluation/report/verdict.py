"""Tonight's decisions as the report shows them: each with its numbers, and in the release owner's words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from errata.documents.comparison import Comparison
from errata.documents.decision import (
    UNTESTED,
    Cause,
    Decision,
    Look,
    OutcomeDecision,
    Preset,
    ShrunkenEffect,
    TargetOutcome,
    leading_decision,
)
from errata.documents.guardrail import GuardrailResult
from errata.wording.approval_sentences import approvers_phrase
from errata.wording.gate_sentences import findings, guardrail_detail, known_error
from errata.wording.label_sentences import beside
from evaluation.report.content import Report
from evaluation.report.figures import number, plural
from evaluation.report.slices import LENGTHS

WORDS = {
    "promote": "promoted",
    "proposed": "passed",
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
BY_CAUSE: dict[Cause | None, str] = {
    "waits": "Not promoted yet: the {name} gathers evidence",
    "guardrails not evaluable": "Not promoted yet: better, but not everything can be told",
    "let go": "Not promoted: the {name} had its nights and was not shown to be better",
    "place taken": "Not tested: another candidate waits for its decision",
    "year is full": "Not tested: this year’s challengers have all begun",
}
"""Where the cause says more than the verdict."""
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
    "collapses": "Collapses: fresh items that lose 30 points and more",
    "titles": "Titles: their words on fresh items",
    "parsable": "Parsable: answers that can be read",
    "latency": "Latency: how long people wait",
    "size": "Size of what ships",
    "judge_consistency": "Judges: the same in both orders",
    "slice": "Slices by length",
    **{f"slice_{length}": name for length, name in LENGTHS.items()},
}


OF_AN_EXPORT = {"parity_": "Parity of the {} export", "starts_": "Chapter starts of the {} export"}
"""By how the guardrail's name begins, which goes on with the target's."""


@dataclass(frozen=True)
class GuardrailRow:
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
    allowed: float
    """What `worst` must reach; negative."""
    unit: str
    lacks: int | None
    """About how many more items would make it evaluable; None where it is, or where that isn't known."""


@dataclass(frozen=True)
class ExportRow:
    target: str
    status: str
    """`ships`, `held back` or `not evaluable`; of whoever isn't promoted, `passed` for what would ship."""
    guardrails: tuple[GuardrailRow, ...]
    """That decide on it alone."""
    unbuilt: str
    """Why there is none; empty where there is one."""


@dataclass(frozen=True)
class ContenderVerdict:
    name: str
    """`candidate` or `challenger`."""
    model: str
    verdict: str
    """As the gate words it."""
    title: str
    promoted: bool
    findings: tuple[str, ...]
    guardrails: tuple[GuardrailRow, ...]
    exports: tuple[ExportRow, ...]
    """Of those that ship or are held back on their own."""
    preset: str
    """Of the gate; empty where an older Errata didn't keep it."""
    hears_judges: bool
    """False where the preset decides without judges."""
    known_error: str
    next_step: str
    """What would change the verdict, in a sentence."""
    needs: int | None
    """About how many more fresh items would decide it."""
    nights_left: int | None
    """So many more it may be looked at; None where nothing limits that, or where it is over."""
    look: Look | None
    """What the fresh items could tell."""
    primary: Comparison
    """With the champion on fresh items, by people's labels alone."""
    p_value: float | None
    """Of the test that decides, one-sided."""
    beside: tuple[str, ...]
    """What is shown beside it, because of how the labels came about."""
    shrunken: ShrunkenEffect | None
    """The same once luck is taken from it."""


def contender_verdict(
    entry: OutcomeDecision,
    primary: Comparison,
    winner: str = "",
    beside: tuple[str, ...] = (),
    approvals_needed: int = 0,
) -> ContenderVerdict:
    """`primary` has no items where none was scored; `winner` is who became champion instead, if anybody did."""
    decision = entry.decision
    return ContenderVerdict(
        name=entry.name,
        model=entry.model,
        verdict=decision.verdict,
        title=_title(entry, winner, approvals_needed),
        promoted=entry.promoted,
        findings=tuple(findings(decision, with_comparison=not primary.n)),
        guardrails=tuple(_guardrail_row(rail, decision.preset) for rail in decision.guardrails),
        exports=tuple(_export_row(outcome, entry.promoted, decision.preset) for outcome in decision.targets),
        preset=decision.preset.name,
        hears_judges=decision.preset.hears_judges,
        known_error=known_error(decision.preset),
        next_step=_next_step(entry, winner, approvals_needed),
        needs=decision.needs,
        nights_left=_nights_left(decision),
        look=decision.look,
        primary=primary,
        p_value=primary.p_value if decision.p_value is None else decision.p_value,
        beside=beside,
        shrunken=decision.shrunken,
    )


def _of_report(report: Report, entry: OutcomeDecision, winner: str = "") -> ContenderVerdict:
    scores = report.evaluation.scores_of(entry.name)
    notes = beside(scores) if scores else ()
    verdict = contender_verdict(entry, report.primary(entry.name), winner, notes, report.approvals_needed)
    if report.task == "chapters":
        return verdict
    # of texts the gate lists it too, as not measured, and doesn't decide by it
    return replace(verdict, guardrails=tuple(rail for rail in verdict.guardrails if rail.key != "titles"))


def leading_verdict(report: Report) -> ContenderVerdict | None:
    """The one that the page is about; None where nobody contended."""
    entry = leading_decision(report.decisions)
    return None if entry is None else _of_report(report, entry)


def other_verdicts(report: Report) -> tuple[ContenderVerdict, ...]:
    """What was decided of those whom the page is not about."""
    first = leading_decision(report.decisions)
    passed = first is not None and (first.promoted or first.decision.verdict == "promote")
    winner = first.name if first and passed else ""
    others = (entry for entry in report.decisions if entry is not first)
    return tuple(_of_report(report, entry, winner) for entry in others)


def headline(report: Report) -> tuple[str, str]:
    """The page's title, and a sentence under it."""
    verdict = leading_verdict(report)
    if verdict is None:
        title, sentence = NOBODY.get(report.nights[-1].verdict if report.nights else "", NO_CANDIDATE)
        return title, f"{sentence} Why nothing was trained: {report.reason}." if report.reason else sentence
    return verdict.title, verdict.findings[0] if verdict.findings else ""


def word(verdict: str) -> str:
    return WORDS.get(verdict, verdict)


def _export_row(outcome: TargetOutcome, promoted: bool, preset: Preset) -> ExportRow:
    rows = tuple(_guardrail_row(rail, preset) for rail in outcome.guardrails)
    status = outcome.status if promoted or outcome.status != "ships" else "passed"
    return ExportRow(outcome.target, status, rows, outcome.unbuilt)


def _guardrail_name(key: str) -> str:
    if key.startswith(VINTAGE):
        return f"Taught on {key.removeprefix(VINTAGE)}"
    for beginning, name in OF_AN_EXPORT.items():
        if key.startswith(beginning):
            return name.format(key.removeprefix(beginning))
    return GUARDRAILS.get(key, key)


def _guardrail_row(rail: GuardrailResult, preset: Preset) -> GuardrailRow:
    return GuardrailRow(
        key=rail.name,
        name=_guardrail_name(rail.name),
        status=rail.status,
        detail=guardrail_detail(rail, preset),
        decides=rail.decides,
        vintage=rail.name.startswith(VINTAGE),
        n=rail.n,
        effect=rail.effect,
        worst=rail.bound,
        allowed=-rail.margin,
        unit=rail.unit,
        lacks=rail.missing_items,
    )


def _title(entry: OutcomeDecision, winner: str, approvals_needed: int) -> str:
    name, verdict = entry.name, entry.decision.verdict
    if entry.promoted:
        against = "" if verdict == "promote" else f", against the gate’s verdict ({word(verdict)})"
        return f"Promoted: the {name} is the new champion{against}"
    passed = verdict == "promote" or entry.decision.cause == "another is surer"
    if passed and winner:
        return f"Not promoted: the {name} passed the gate as well, and the {winner}’s gain was surer"
    if verdict == "promote":
        whom = f"approval by {approvers_phrase(approvals_needed)}" if approvals_needed else "the release owner"
        return f"Not promoted yet: the {name} passed the gate and waits for {whom}"
    if entry.decision.cause in BY_CAUSE:
        return BY_CAUSE[entry.decision.cause].format(name=name)
    return NOT_PROMOTED.get(verdict, "Not promoted: {name} was found " + word(verdict)).format(name=name)


def _nights_left(decision: Decision) -> int | None:
    if decision.wager is None or decision.preset.nights is None or decision.final:
        return None
    return decision.preset.nights - decision.wager.night


def _next_step(entry: OutcomeDecision, winner: str, approvals_needed: int) -> str:
    verdict, needs = entry.decision.verdict, entry.decision.needs
    if entry.promoted:
        return "The decision is made; one rollback brings the former champion back."
    if winner and approvals_needed:
        return f"Nothing tonight: the {winner} waits for approval, and this may wait no longer."
    if winner:
        return f"Nothing tonight: the {winner} is champion now, and this was measured against the former one."
    if verdict == "promote":
        if not approvals_needed:
            return "The release owner’s word."
        return f"Approval by {approvers_phrase(approvals_needed)}: errata approve, the dashboard, or a tag in MLflow."
    if verdict == "blocked":
        return "Mending what the findings name, and scoring again."
    if entry.decision.cause in UNTESTED:
        return "Nothing of its own: a candidate of a night on which nobody waits is tested."
    if needs:
        items = plural(needs, "more fresh item")
        return f"About {items}{_what_they_bring(entry.decision)}.{_time_left(entry.decision)}"
    return "A better candidate: more items would not change this one’s verdict."


def _time_left(decision: Decision) -> str:
    nights = _nights_left(decision)
    return "" if nights is None else f" It has {plural(nights, 'night')} left."


def _what_they_bring(decision: Decision) -> str:
    """What the missing items were reckoned by: each rule of the gate waits for something else."""
    if decision.cause == "too few items":
        return ": the fewest that the gate judges by"
    if decision.wager is not None:
        return " like these, if its gain stays what was measured"
    if decision.cause == "target not detectable":
        return f": with so many, a gain of {number(decision.preset.target)} points would show"
    return ", with which the gate could decide"
