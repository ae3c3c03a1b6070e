"""What a night shows besides the gate's decisions, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from errata.documents.candidate_choice import CandidateChoice
from errata.documents.decision import leading_decision
from errata.documents.equal_split import EqualSplitAlarm
from errata.documents.night import CandidateStart, GateChange
from errata.documents.outcome import Outcome
from errata.documents.seed_spread import SeedSpread
from errata.wording.gate_sentences import causes
from errata.wording.joined_sentences import joined_sentence


def night_reason(outcome: Outcome) -> str:
    """Why the night ended as it did: by its leading decision, or why nobody contended."""
    leading = leading_decision(outcome.decisions)
    if leading is not None:
        return causes(leading.decision)[0]
    match outcome.verdict:
        case "skipped":
            return "no correction is new since the last night; run it again when one is"
        case "bootstrap":
            joined = f"; {joined_sentence(outcome.joined)}" if outcome.joined and outcome.joined.talks else ""
            return (
                f"before the first night there is nothing to train on; what it has scored trains the next one{joined}"
            )
    return outcome.reason


def alarm_sentence(alarm: EqualSplitAlarm) -> str:
    model = "champion" if alarm.name == "champion" else f"{alarm.name} that was promoted"
    return (
        f"Alarm: the {model} is worse than equal chapters. On {alarm.items} fresh items it scores {alarm.f1:.1f} "
        f"points of F1; chapters of one length, which know how many there are and have read no word, score "
        f"{alarm.equal_split_f1:.1f}."
    )


def gate_change_sentence(change: GateChange) -> str:
    before, after = asdict(change.before), asdict(change.after)
    changed = [name for name in after if before[name] != after[name]]
    parts = [f"{name} from {_value(before[name])} to {_value(after[name])}" for name in changed]
    return f"The gate changed on this night ({', '.join(parts)}): what it promises of its errors begins anew."


def _value(value: object) -> str:
    """A list of names in words."""
    return (" and ".join(value) or "nothing") if isinstance(value, tuple) else str(value)


def seeds_sentence(spread: SeedSpread) -> str:
    items, seeds = spread.runs[0].against_champion.n, ", ".join(str(run.seed) for run in spread.runs)
    effects = ", ".join(f"{run.against_champion.effect or 0.0:+z.1f}" for run in spread.runs)
    return (
        f"Made from the same rows with the seeds {seeds}, the candidate’s effect on the same {items} items is "
        f"{effects} points of F1: {spread.mean or 0.0:+z.1f} on average, and {spread.deviation or 0.0:.1f} points of "
        "spread are the seed’s luck. (The first is the candidate itself; the others were thrown away.)"
    )


_START_NAMES: Mapping[CandidateStart, str] = {"champion": "the champion", "base": "base"}


def training_sentence(number: int, count: int, start: CandidateStart) -> str:
    """Which of a night's candidates is trained now: what training says next of rows and hours is of that one alone."""
    return f"candidate {number} of {count} is trained, going on from {_START_NAMES[start]}"


def choice_sentence(choice: CandidateChoice) -> str:
    """Which of the night's candidates is tested, and why that one."""
    names = _START_NAMES
    taken = f"the candidate that goes on from {names[choice.taken]}"
    missing = [candidate.start for candidate in choice.candidates if not candidate.model]
    if missing:
        which = " and from ".join(names[start] for start in missing)
        return f"too few rows to train from {which}: {taken} is the night’s"
    if not choice.is_by_score:
        items = f"{choice.gain.n} items of dev, and at least {choice.least} are wanted"
        return f"{items} to choose on: {taken} is the night’s"
    scores = ", ".join(f"{candidate.f1:.1f} from {names[candidate.start]}" for candidate in choice.candidates)
    return f"F1 on {choice.gain.n} items of dev: {scores}; {taken} is tested"
