"""What a night shows besides the gate's decisions, in sentences."""

from __future__ import annotations

from errata.documents.equal_split import EqualSplitAlarm


def alarm_sentence(alarm: EqualSplitAlarm) -> str:
    model = "champion" if alarm.name == "champion" else f"{alarm.name} that was promoted"
    return (
        f"Alarm: the {model} is worse than equal chapters. On {alarm.items} fresh items it scores {alarm.f1:.1f} points "
        f"of F1, and chapters of one length, made without reading a word, {alarm.equal_split_f1:.1f}."
    )
