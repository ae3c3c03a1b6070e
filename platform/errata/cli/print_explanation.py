"""What `errata explain` prints for people: where a talk has gone, a step a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from errata.cli.output import say_wrapped
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.loop.explain import DrawnRow, Event, Explanation, StageTrace

_UNLABELLED = {
    "conflict": "none: reviewers differ; errata conflicts shows them, errata adjudicate decides",
    "withdrawn": "none: what was said was rejected or taken back",
}
_INDENT = 12


def print_explanation(explanation: Explanation) -> None:
    _say("", f"{explanation.external_id}  {explanation.title}")
    source = f", source {explanation.source}" if explanation.source else ""
    _say("imported", f"{explanation.arrived[:10]}, as number {explanation.transcript}{source}")
    _say("role", _role(explanation))
    for event in explanation.events:
        _say("said", _event(event))
    _say("label", _label(explanation))
    if explanation.trace is None:
        _say("last night", "no night's rows lie here; the next night makes them")
    else:
        for name, sentence in _stages(explanation, explanation.trace):
            _say(name, sentence)
    for model in explanation.models:
        made = f"made by the night {model.night}" if model.night else "no night's"
        now = f", now {', '.join(model.aliases)}" if model.aliases else ""
        _say("learnt by", f"{model.model[:8]} ({made}{now})")
    if not explanation.models:
        _say("learnt by", "no model, and no model has learnt from a twin")
    for score in explanation.scores:
        _say("scored", f"{score.night}, {score.part}: {score.name} {score.model[:8]}, F1 {score.f1:.1f}")
    if not explanation.scores:
        _say("scored", "on no night")


def _say(name: str, sentence: str) -> None:
    say_wrapped(f"{name:<{_INDENT}}{sentence}" if name else sentence, _INDENT)


def _role(explanation: Explanation) -> str:
    if explanation.role == explanation.own_role:
        twins = ", ".join(twin.external_id for twin in explanation.twins)
        return f"{explanation.role}, its own" + (f"; its twins {twins} are no stricter" if twins else "")
    strict = ", ".join(twin.external_id for twin in explanation.twins if twin.own_role == explanation.role)
    return f"{explanation.role}, for its twin {strict} is; its own was {explanation.own_role}"


def _event(event: Event) -> str:
    who = f"by {event.reviewer}" if event.reviewer else "came with the transcript"
    return f"{event.kind} {event.correction} {who}{'' if event.counts else ', which does not count now'}"


def _label(explanation: Explanation) -> str:
    if explanation.label is not None:
        return f"by {explanation.label.kind} {explanation.label.correction}"
    return _UNLABELLED[explanation.unlabelled] if explanation.unlabelled else "none: nobody has said anything of it"


def _stages(explanation: Explanation, trace: StageTrace) -> Iterator[tuple[str, str]]:
    yield "last night", f"{trace.night}, which could train on corrections up to {trace.training_watermark}"
    if trace.left_out:
        yield "curate", f"left out: {trace.left_out}"
        return
    if not trace.is_curated:
        yield "curate", _not_yet(explanation, trace)
        return
    yield "curate", "kept"
    yield "augment", f"copies: {', '.join(trace.copies)}" if trace.copies else "no altered copy"
    if not trace.drawn:
        yield "mix", "not drawn: the champion has trained on it, and the replay took others"
    for row in trace.drawn:
        yield "mix", _drawn(row)
    if trace.examples_left_out:
        count = counted(len(trace.examples_left_out), "window")
        yield "mix", f"{count} not learnt from: {'; '.join(dict.fromkeys(trace.examples_left_out))}"


def _not_yet(explanation: Explanation, trace: StageTrace) -> str:
    label = explanation.label
    if label is not None and label.correction > trace.training_watermark:
        return f"not there yet: {label.kind} {label.correction} is a fresh item first, and may train the night after"
    return "nothing to train on by then"


def _drawn(row: DrawnRow) -> str:
    what = f"the copy {row.altered!r}" if row.altered else "the talk"
    how = "as new" if row.is_new else "again, in the replay"
    return f"{what} was trained on {how}{'' if row.weight == 1 else f', with the weight {row.weight:g}'}"
