"""What a night shows besides the gate's decisions, in sentences."""

from __future__ import annotations

from dataclasses import asdict

from errata.documents.equal_split import EqualSplitAlarm
from errata.documents.night import GateChange


def alarm_sentence(alarm: EqualSplitAlarm) -> str:
    model = "champion" if alarm.name == "champion" else f"{alarm.name} that was promoted"
    return (
        f"Alarm: the {model} is worse than equal chapters. On {alarm.items} fresh items it scores {alarm.f1:.1f} points "
        f"of F1, and chapters of one length, made without reading a word, {alarm.equal_split_f1:.1f}."
    )


def gate_change_sentence(change: GateChange) -> str:
    before, after = asdict(change.before), asdict(change.after)
    changed = [name for name in after if before[name] != after[name]]
    parts = [f"{name} from {before[name]} to {after[name]}" for name in changed]
    return (
        f"The gate’s {' and '.join(parts)} changed on this night: what is promised of its errors begins anew."
    )
