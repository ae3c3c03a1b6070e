"""A decision of the gate in sentences, for the release owner.

A decision of an older Errata has its sentences already, in `notes`: they are shown as they are.
"""

from __future__ import annotations

from errata.documents.comparison import Comparison
from errata.documents.decision import Decision, Look, Preset, Shortfall, SpentTest, Wager
from errata.documents.evidence import Fault, JudgeSay, SliceAlarm
from errata.documents.guardrail import GuardrailResult
from errata.wording.target_sentences import held_back_sentences


def reasons(decision: Decision) -> list[str]:
    """All of it: the verdict's cause first, each guardrail, the preset's known error last."""
    sentences = findings(decision, with_comparison=True)
    of_exports = [rail for outcome in decision.targets for rail in outcome.guardrails]
    for rail in (*decision.guardrails, *of_exports):
        sentences.append(f"{rail.name}: {rail.status}, {guardrail_detail(rail, decision.preset)}")
    error = known_error(decision.preset)
    return [*sentences, error] if error else sentences


def findings(decision: Decision, with_comparison: bool) -> list[str]:
    """The cause and what else was found, without guardrails and known error; `with_comparison`, where no table shows
    it better."""
    figures = [_comparison(decision.comparison)] if with_comparison and decision.comparison else []
    alarms = [_alarm(alarm) for alarm in decision.alarms]
    held = held_back_sentences(decision)
    return [*causes(decision), *held, *figures, *luck(decision), *_circumstances(decision), *alarms]


def causes(decision: Decision) -> list[str]:
    """Why the verdict is what it is: one text, or one for each fault that blocks; never none."""
    comparison = decision.comparison
    if decision.cause is None or comparison is None:
        return list(decision.notes) or [f"Its record says {decision.verdict!r}, and not why."]
    if decision.cause == "faults":
        return [_fault(fault, decision) for fault in decision.faults]
    failed = " and ".join(rail.name for rail in decision.guardrails if rail.harms)
    if decision.cause == "better, but harmful":
        waits = "" if decision.verdict == "reject" else " so far; more items may show that this was chance"
        return [f"It is better on fresh items, but fails {failed}{waits}."]
    if decision.cause == "guardrails not evaluable":
        return [f"It is better on fresh items, but {_open_guardrails(decision)}"]
    if decision.cause == "harmful":
        return [f"It surely fails {failed}: no number of fresh items would let it be promoted."]
    shortfall = [] if decision.shortfall is None else _shortfall(decision.shortfall, decision, comparison)
    also = [f"It also fails {failed}."] if failed else []
    return [" ".join([_cause(decision, comparison), *shortfall, *also])]


def _comparison(comparison: Comparison) -> str:
    if comparison.effect is None:
        return "There is nothing to compare."
    where = f"on {comparison.n} fresh items from {comparison.clusters} clusters"
    if comparison.low is None or comparison.high is None or comparison.p_value is None:
        return f"Against the champion: {comparison.effect:+z.1f} points of F1 {where}."
    as_labelled = comparison.labelled_effect
    rectified = "" if as_labelled is None else f", rectified from {as_labelled:+z.1f} as labelled"
    return (
        f"Against the champion: {comparison.effect:+z.1f} points of F1 (90 % interval {comparison.low:+z.1f} to "
        f"{comparison.high:+z.1f}, p = {comparison.p_value:.2g}) {where}{rectified}."
    )


def _open_guardrails(decision: Decision) -> str:
    rails = [rail for rail in decision.guardrails if rail.is_open]
    names = " and ".join(rail.name for rail in rails)
    more = [f"{rail.name} takes about {rail.missing_items} more items" for rail in rails if rail.missing_items]
    return (
        f"nobody can tell yet whether it passes {names}: {', '.join(more) or 'more items are needed'}; or waive one by "
        "name (gate.waive in params.yaml), and answer for it."
    )


def luck(decision: Decision) -> list[str]:
    """With each promotion: what is measured of a winner flatters it."""
    shrunken = decision.shrunken
    if decision.verdict != "promote" or shrunken is None:
        return []
    if shrunken.effect is None or shrunken.regression is None:
        past = f"{shrunken.candidates} past candidates, and {shrunken.least} are needed"
        return [f"How much of the gain is luck, and how likely a regression is, can’t be told yet from {past}."]
    gain, chance = f"{shrunken.effect:+z.1f} points", f"{100 * shrunken.regression:.0f} %"
    team = f"this team’s {shrunken.candidates} past candidates"
    return [
        f"Drawn towards {team}, as winners are lucky too, the gain is {gain}; a regression has a chance of {chance}."
    ]


def guardrail_detail(rail: GuardrailResult, preset: Preset) -> str:
    """What was measured and what is allowed, or why that can't be told."""
    note = "" if rail.decides else f" (Shown only: the preset {preset.name} doesn't decide by it.)"
    if rail.status == "not evaluable" or rail.effect is None or rail.bound is None:
        return f"{_why_not_evaluable(rail)}.{_waiver(rail)}{note}"
    return (
        f"{rail.effect:+z.1f} {rail.unit} and at worst {rail.bound:+z.1f} on {rail.n} items; "
        f"{-rail.margin:+z.1f} is allowed.{note}"
    )


def _waiver(rail: GuardrailResult) -> str:
    """What the release owner answers for."""
    if not rail.waived or not rail.decides:
        return ""
    if rail.is_open:
        return " (Its waiver doesn't count: all of its interval is a loss, and harm can't be waived.)"
    measured = "" if rail.effect is None else f", at {rail.effect:+z.1f} {rail.unit}"
    return f" (Waived by the release owner{measured}.)"


def known_error(preset: Preset) -> str:
    """How often the preset is wrong; empty where an older Errata said it among its notes."""
    return f"Known error of the preset {preset.name}: {preset.known_error}" if preset.name else ""


def _cause(decision: Decision, comparison: Comparison) -> str:
    preset, gain = decision.preset, decision.look.mde if decision.look else comparison.mde or 0.0
    judged = decision.judge is not None and decision.judge.code == "counts"
    items = "The items" if judged else f"{comparison.n} items"
    sentences = {
        "better": f"It is better on fresh items{_by_more_than(preset)}.",
        "another is surer": (
            "It is better on fresh items and passes every guardrail, but so is another, whose gain is surer: one is "
            "promoted a night."
        ),
        "worse": "It is worse on fresh items: the interval leaves no room for a benefit.",
        "no better": "It is no better on fresh items: the interval leaves no room for a benefit.",
        "gain ruled out": (
            f"A gain of {preset.least_gain} points is ruled out on fresh items: it isn't worth waiting for less."
        ),
        "too few items": (
            f"{comparison.n} fresh items from {comparison.clusters} clusters are too few to judge by: "
            f"{preset.items} from {preset.clusters} are needed."
        ),
        "target not detectable": (
            f"{items} would only show a gain of {gain:.1f} points; the target is {preset.target:.1f}."
        ),
        "no difference found": (
            "The difference is too small to tell from none, on items that would have shown the gain aimed at."
        ),
        "waits": "It waits for its one test." if decision.wager is None else _waits(decision.wager, preset, comparison),
        "let go": (
            f"It has had its {preset.nights} nights and is let go, untested."
            if decision.wager is None
            else f"It has had its {preset.nights} nights, was not shown to be better, and is let go."
        ),
        "place taken": "Another candidate waits for its decision; this one is scored, and not tested.",
        "year is full": (
            f"{preset.challengers} challengers began within the last 365 nights: one more would be too many for what "
            "the preset promises, so this one isn't tested."
        ),
    }
    return sentences[decision.cause or ""]


def _by_more_than(preset: Preset) -> str:
    return f", by more than {preset.min_effect:g} points" if preset.min_effect else ""


def _shortfall(shortfall: Shortfall, decision: Decision, comparison: Comparison) -> list[str]:
    """What a test still waits for."""
    items, preset = comparison.n, decision.preset
    missing = (
        f"There are {items} fresh items, from {comparison.clusters} clusters; the test is spent at {preset.items}, "
        f"from {preset.clusters}."
    )
    waits = [f"The test waits for {name}, which isn't evaluable yet." for name in shortfall.guardrails]
    return [missing, *waits] if shortfall.items else waits


def _fault(fault: Fault, decision: Decision) -> str:
    name = fault.name
    if fault.code == "not evaluable":
        # Of two of one name, each has a fault besides: that they are two.
        rail = next(rail for rail in decision.guardrails if rail.name == name)
        return f"{name} is required, but not evaluable: {_why_not_evaluable(rail)}."
    sentences = {
        "reported": fault.detail,
        "unknown guardrail": f"{name} is no guardrail that a preset knows; mend the evaluation's names.",
        "no number": f"{fault.detail} of {name} is {fault.value}, not a number; score it again.",
        "answers missing": (
            f"{fault.value} answers of judges are missing ({fault.detail}); mend that before the next night."
        ),
        "incomplete": "The comparison on fresh items is incomplete; score it again.",
        "measured twice": f"{name} was measured more than once; keep one.",
        "not measured": f"{name} is required, but was not measured.",
        "of another preset": f"{name} is no guardrail of the preset {decision.preset.name}.",
        "other limits": f"{name} was measured under other limits than the preset {decision.preset.name} sets.",
    }
    return sentences[fault.code]


def _why_not_evaluable(rail: GuardrailResult) -> str:
    if rail.n is None:
        return "not measured"
    if rail.n < rail.least:
        return f"{rail.n} items where {rail.least} are needed"
    if rail.reach is None:
        return "its items are of one cluster or lack a value"
    # One decimal would make a reach of 0.54 and a margin of 0.5 the same.
    decimals = 1 if f"{rail.reach:.1f}" != f"{rail.margin:.1f}" else 2
    return (
        f"{rail.n} items tell the difference to within {rail.reach:.{decimals}f} {rail.unit}, "
        f"and {rail.margin:.{decimals}f} is asked"
    )


def _circumstances(decision: Decision) -> list[str]:
    """Whether a judge counted, which test was spent, and what the items could have shown."""
    if decision.comparison is None:
        return []
    judge = [] if decision.judge is None else [_judge(decision.judge)]
    test = [] if decision.test is None else [_spent(decision.test), *_promise(decision.preset)]
    wager = [] if decision.wager is None else [_bet(decision.wager, decision.preset, decision.look)]
    channels = _channels(decision.comparison)
    return [*judge, *test, *wager, *channels, _detectable(decision.look, decision.comparison)]


def _judge(judge: JudgeSay) -> str:
    rho, asked = judge.rho or 0.0, f"{judge.asked or 0:g}"
    if judge.code == "counts":
        return f"The judge's {judge.items} items count: its differences follow people's with ρ = {rho:.2f}."
    why = {
        "rectified": "it was measured by labels as they are, and the effect is rectified by how far they lean",
        "other items": f"it saw {judge.items} of the {asked} items, or others",
        "nothing to add": "there is nothing that it could add",
        "unsteady": "its two orders were not seen to agree often enough",
        "few labels": f"{judge.items} items have a human label too, and {asked} are needed",
        "unlike people": f"its differences follow people's with ρ = {rho:.2f}, and {asked} is needed",
        "no surer": "it would not make the estimate surer",
    }
    return f"The judge has no say: {why[judge.code]}."


def _spent(test: SpentTest) -> str:
    return (
        f"This was test {test.number} of the budget: p = {test.p_value:.2g} against the level {test.level:.2g}; "
        f"{test.wealth:.3f} of it is left."
    )


def _promise(preset: Preset) -> list[str]:
    """What the budget holds, and on what condition; nothing where an older Errata didn't keep it."""
    if preset.fdr is None:
        return []
    promise = (
        f"The budget’s promise is a ratio of expectations (mFDR): for each promotion expected, at most {preset.fdr:g} "
        "useless ones, if each p-value holds its level whatever the tests before it came to. It would hold for the "
        "expected share itself (FDR) if the tests were independent, which tests on the same channels are not."
    )
    return [promise]


def _waits(wager: Wager, preset: Preset, comparison: Comparison) -> str:
    return f"It gathers evidence: this was night {wager.night} of {preset.nights}, with {comparison.n} items so far."


def _bet(wager: Wager, preset: Preset, look: Look | None) -> str:
    level, asked = "" if look is None else f" against the level {look.level:.2g}", preset.challengers
    return (
        f"Who bet on it has {_times(wager.wealth)} the stake, and {asked} times is asked; the clustered test "
        f"has p = {wager.p_value:.2g}{level}. It is challenger {wager.begun} of {asked} within 365 nights."
    )


def _times(wealth: float) -> str:
    return f"{wealth:.2g} times" if wealth < 10 else f"{wealth:,.0f} times" if wealth < 1e6 else "over a million times"


def _channels(comparison: Comparison) -> list[str]:
    """Items of one channel are alike: it is channels that make them independent."""
    if comparison.effective_clusters is None or not comparison.clusters:
        return []
    weight = f"{comparison.effective_clusters:.0f} of one size"
    return [f"The items come from {comparison.clusters} channels, which weigh as much as {weight}."]


def _detectable(look: Look | None, comparison: Comparison) -> str:
    """With every verdict, so that nobody reads "not found" as "not there"."""
    if look is None or comparison.sd is None:
        return "Detectable: nothing, with so few items or clusters."
    return (
        f"Detectable: a true gain of {look.mde:.1f} points in 80 of 100 tests at the level {look.level:.2g}; "
        f"with a spread of {comparison.sd:.1f} points, the items say as much as {look.items:.0f} independent ones."
    )


def _alarm(alarm: SliceAlarm) -> str:
    return (
        f"Alarm: {alarm.name} seems to lose {alarm.loss:.1f} {alarm.unit}, drawn towards the other slices; its "
        f"{alarm.n} items are too few to decide by, so look at them."
    )
