"""What `errata show` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from errata.cli.output import print_table, say, say_wrapped
from errata.domain.clock import clock
from errata.domain.correction import NO_DRAFT
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.domain.chapter import Chapters
    from errata.domain.transcript import Unit
    from errata.operations.talk_view import NightScore, RecordedEvent, RecordedPrediction, TalkView

UNLABELLED = {
    "conflict": "none: reviewers differ (errata conflicts shows them, errata adjudicate decides)",
    "withdrawn": "none: what was said was rejected or taken back",
}


def print_talk(view: TalkView) -> None:
    talk = view.transcript
    say_wrapped(f"{talk.external_id}  {talk.title}")
    words = counted(len(talk.text.split()), "word")
    length = counted(int(talk.duration), "word") if talk.unit == "words" else f"{clock(talk.duration)}, {words}"
    say_wrapped(f"channel     {talk.channel or '–'}", 12)
    say(f"length      {length} in {counted(len(talk.lines), 'line')}")
    say(f"arrived     {view.arrived:%Y-%m-%d %H:%M} UTC, as number {view.seq}{_other_versions(view)}")
    drew = "" if view.role == view.own_role else f" (its own was {view.own_role}; a twin's is stricter)"
    say_wrapped(f"role        {view.role}{drew}", 12)
    say_wrapped(f"twins       {', '.join(view.twins) or 'none'}", 12)
    for recorded in view.predictions:
        _print_prediction(recorded, talk.unit)
    for event in view.events:
        _print_event(event, talk.unit)
    _print_label(view)
    if view.scores:
        columns = ("night", "part", "as", "model", "F1", "night's verdict")
        print_table("scores", columns, [_score_row(score) for score in view.scores])


def _score_row(score: NightScore) -> tuple[str, ...]:
    return score.night, score.part, score.name, score.model[:8], f"{score.f1:.1f}", score.verdict


def print_words(view: TalkView) -> None:
    """The talk, line by line, each with its start and who speaks."""
    for line in view.transcript.lines:
        speaker = f"{line.speaker}: " if line.speaker else ""
        say(f"{_place(line.start, view.transcript.unit)} {speaker}{line.text}")


def _other_versions(view: TalkView) -> str:
    earlier = [str(seq) for seq in view.versions if seq != view.seq]
    return f"; earlier versions: {', '.join(earlier)}" if earlier else ""


def _print_prediction(recorded: RecordedPrediction, unit: Unit) -> None:
    answer = recorded.prediction
    who = ", ".join(recorded.aliases) or ("another system's" if answer.foreign else "no alias")
    name = answer.model if answer.foreign else answer.model[:16]
    when = recorded.answered_at[:10] or f"{recorded.at:%Y-%m-%d}"
    say_wrapped(f"\nprediction {recorded.seq}  {when}  {name} ({who}) {answer.template}")
    _print_chapters(answer.chapters, unit, recorded.confidences.values)
    for problem in answer.problems:
        say_wrapped(f"  could not be read whole: {problem}", 4)


def _print_event(event: RecordedEvent, unit: Unit) -> None:
    correction = event.correction
    say_wrapped(f"\n{correction.kind} {event.seq}  {event.at:%Y-%m-%d}  {'  '.join(_circumstances(event))}")
    if correction.kind not in ("reject", "retract"):
        _print_chapters(correction.chapters, unit)


def _circumstances(event: RecordedEvent) -> Iterator[str]:
    correction = event.correction
    yield f"by {correction.reviewer}" if correction.reviewer else "came with the transcript"
    yield f"from {correction.origin}"
    if correction.draft_by:
        yield f"of a draft by {correction.draft_by[:16]}"
    elif correction.draft_by == NO_DRAFT:
        yield "without a draft"
    if correction.supersedes is not None:
        relation = "takes back" if correction.kind == "retract" else "instead of"
        yield f"{relation} {correction.supersedes}"
    if correction.why:
        yield f"because: {correction.why}"


def _print_label(view: TalkView) -> None:
    label = view.label
    if label is None:
        say("\nlabel       none: nobody has said anything of it")
    elif isinstance(label, str):
        say_wrapped(f"\nlabel       {UNLABELLED[label]}", 12)
    else:
        say_wrapped(f"\nlabel       by {label.kind} {label.correction}, in force now", 12)
        _print_chapters(label.chapters, view.transcript.unit)


def _print_chapters(chapters: Chapters, unit: Unit, confidences: Sequence[float | None] = ()) -> None:
    for chapter, confidence in zip_longest(chapters, confidences):
        sure = "" if confidence is None else f" ({100 * confidence:.0f} % sure)"
        say_wrapped(f"  {_place(chapter.start, unit)} {chapter.title}{sure}", 11)
    if not chapters:
        say("  no chapters")


def _place(start: float, unit: Unit) -> str:
    return clock(start) if unit == "seconds" else f"{start:8.0f}"
