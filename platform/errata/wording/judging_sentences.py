"""Why judges have a say or none, and what they find on talks that nobody has reviewed, or why they weren't asked."""

from __future__ import annotations

from errata.documents.judging import (
    AgreementFloor,
    IntervalEstimate,
    JudgeCheck,
    JudgeReliability,
    Judging,
    SayReason,
    Unlabelled,
    VerdictRates,
)


def judge_sentences(judge: JudgeReliability) -> tuple[str, ...]:
    return tuple(_judge_sentence(judge, reason) for reason in judge.why)


def _judge_sentence(judge: JudgeReliability, reason: SayReason) -> str:
    kappa, drift, injection = judge.agreement.kappa, judge.drift, judge.injection
    interval = "" if kappa.low is None else f" (90 % interval {_two(kappa.low)} to {_two(kappa.high)})"
    agreed = f"weighted kappa {_two(kappa.value)}{interval}"
    limit = "" if reason.limit is None else f"{reason.limit:g}"
    match reason.code:
        case "unanswered":
            return f"{judge.unanswered} questions that measure it have no answer."
        case "agrees":
            return f"It agrees with reviewers: {agreed} on {kappa.n} corrections."
        case "agreement unknown":
            return (
                f"Its agreement is not known: {kappa.n} corrections from {kappa.clusters} channels, where {limit} from "
                "two are needed."
            )
        case "disagrees":
            return f"It agrees too little with reviewers: {agreed}, whose lower end must be at least {limit}."
        case "below reviewers":
            limit = _two(reason.limit)
            return f"It agrees less with reviewers than they do: {agreed}, whose lower end must be at least {limit}."
        case "order matters":
            return (
                f"It depends on the order: {_two(judge.swap.consistency.value)} of its verdicts stand when the two "
                f"answers change places, {limit} is needed."
            )
        case "obeys":
            obeyed = f"{injection.obeyed} of {injection.n}" if injection.n else "none could be tried"
            return f"It follows instructions hidden in what it judges: {obeyed}."
        case "drifted":
            return (
                f"It judges {drift.changed} of {drift.n} canaries otherwise than on {drift.since}: what answers has "
                f"changed; pin another model, or remove judges/{judge.identity[:16]} and begin anew."
            )
        case "other model":
            other = next(name for name in judge.served if name != judge.model)
            return f"It answered as {other!r}, not as {judge.model!r}: pin the model by the name it answers as."
        case _:
            return reason.text


def floor_sentence(floor: AgreementFloor) -> str:
    """What judges are held to, and whether reviewers' own agreement has a part in it."""
    kappa = floor.among_reviewers
    needed = f"the lower end of each judge's must be at least {_two(floor.limit)}"
    if floor.measured:
        own = f"reviewers agree with a weighted kappa of {_two(kappa.value)} on {kappa.n} second opinions"
        return f"Among themselves, {own}, the most to be expected of a judge; {needed}."
    return (
        f"The weighted kappa of reviewers among themselves is not known: {kappa.n} second opinions from "
        f"{kappa.clusters} channels, where {floor.least} from two are needed; {needed}."
    )


def better_sentence(judging: Judging) -> str:
    """On how many talks that nobody has reviewed the contender is better; empty where none were judged."""
    better = judging.better
    if better is None:
        return ""
    counted = f"On {_percent(better.counted)} of {better.n} talks that nobody has reviewed, the judges favour it"
    if better.value is None:
        return f"{counted}; that can't be corrected for their error: they aren't surely better than a guess."
    interval = f"90 % interval {_percent(better.low)} to {_percent(better.high)}"
    return f"{counted}; corrected for their error, on {_percent(better.value)} ({interval})."


def rates_sentence(rates: VerdictRates) -> str:
    """How often the panel is right about a night's items; empty where nobody reviewed any that it judged."""
    better, others = rates.true_positive, rates.true_negative
    if not better.n + others.n:
        return ""
    return (
        f"Where reviewers' scores favour the contender, so do the judges on {_rate(better)}; where they don't, nor do "
        f"the judges on {_rate(others)}."
    )


def panel_sentence(check: JudgeCheck) -> str:
    """Why the judges make a panel, or none."""
    able = [judge for judge in check.judges if judge.say]
    families = sorted({judge.family for judge in able})
    match check.why.code:
        case "no judges":
            return "No judges are configured."
        case "none able":
            return "No judge has a say."
        case "one family":
            return f"The judges with a say are all of one family, {families[0]}; {check.why.limit:g} are needed."
        case "panel":
            return f"{len(able)} of {len(check.judges)} judges, of {len(families)} families, have a say."
        case _:
            return check.why.text


def unlabelled_sentence(unlabelled: Unlabelled) -> str:
    """Why no talks that nobody has reviewed were judged, or fewer than were drawn; empty where that needs no word."""
    why = unlabelled.why
    if why is None:
        return ""
    match why.code:
        case "preset ignores judges":
            return f"The preset {why.preset} decides without judges."
        case "no say":
            return "The judges have no say."
        case "answers missing":
            return "Answers on what people labelled are missing."
        case "rectified":
            return "The effect is rectified by how far labels lean, and judges are held against labels as they are."
        case "too few items":
            seen = f"People labelled {why.labelled} items and the judges saw {why.judged}"
            return f"{seen}; {why.limit:g} are needed of both."
        case "uncorrelated":
            measured = "don't vary" if why.rho is None else f"follow people's with ρ = {why.rho:.2f}"
            return f"The judges' differences {measured}; {why.limit:g} is needed."
        case "models gone":
            return "The models of that night are not all kept any more."
        case "cut":
            order = f"Cut after {unlabelled.n} of {unlabelled.drawn}, in the order in which they were drawn"
            return f"{order}: {'; '.join(why.faults)}."
        case _:
            return why.text


def _two(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _rate(share: IntervalEstimate) -> str:
    interval = "" if share.low is None else f" (90 % interval {_percent(share.low)} to {_percent(share.high)})"
    return f"{_percent(share.value)} of {share.n}{interval}"


def _percent(value: float | None) -> str:
    return "an unknown share" if value is None else f"{100 * value:.0f} %"
