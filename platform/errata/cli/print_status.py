"""What the commands that show nights print for people."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from errata.cli.output import (
    STYLES,
    as_json,
    number,
    print_table,
    say,
    say_styled,
    say_whole,
    say_wrapped,
    with_interval,
)
from errata.database.aliases import ROLLBACK
from errata.documents.decision import leading_decision
from errata.documents.file_names import REPORT_PAGE
from errata.documents.params import TARGETS
from errata.wording.alias_sentences import REPAIR, moved_alias_sentence
from errata.wording.approval_sentences import promotion_sentence, proposed_sentence, verdict_words
from errata.wording.canary_sentences import canary_sentence
from errata.wording.counts import counted
from errata.wording.drift_sentences import drift_sentences
from errata.wording.gate_sentences import causes, known_error, luck, reasons
from errata.wording.joined_sentences import joined_sentence
from errata.wording.night_sentences import alarm_sentence, gate_change_sentence, night_reason
from errata.wording.request_sentences import request_sentence
from errata.wording.target_sentences import held_back_sentence

if TYPE_CHECKING:
    from errata.database.nights import NightSummary
    from errata.database.tables import MoveRow
    from errata.documents.decision import OutcomeDecision
    from errata.documents.metric_values import ModelMean
    from errata.documents.outcome import Outcome
    from errata.domain.pending_promotion import PendingPromotion, PromotionState
    from errata.domain.registry_request import RegistryRequest
    from errata.files import JsonObject
    from errata.operations.status import AliasHistory, LoopStatus

OTHER_TARGETS = TARGETS[1:]
"""Than the base, which ships with every model."""
MOVE = ("number", "at", "alias", "model", "previous", "reason", "night", "evidence", "by", "applied")
"""What is told of an alias's move."""


def print_status(status: LoopStatus) -> None:
    counts = status.counts
    if status.equal_split_alarm:
        say_wrapped(alarm_sentence(status.equal_split_alarm))
    say_whole(f"workspace   {status.workspace}")
    talks, answers = counted(counts["transcripts"], "transcript"), counted(counts["predictions"], "prediction")
    reviews, conflicts = counted(counts["corrections"], "correction"), counted(counts["conflicts"], "transcript")
    say(f"record      {talks}, {answers},")
    say(f"            {reviews} ({conflicts} in conflict)")
    say(f"split       {', '.join(f'{name} {count}' for name, count in status.roles.items())}")
    if status.joined.talks:
        say_wrapped(f"{'':<11} {joined_sentence(status.joined)}", 12)
    waiting = counted(status.waiting_corrections, "corrected transcript waits", "corrected transcripts wait")
    say(f"watermark   {status.watermark}; {waiting} for a night")
    for alias, model in status.aliases.items():
        if model or alias not in OTHER_TARGETS:  # most teams export to few of them
            say(f"{alias:<11} {model[:16] if model else '–'}")
    for outcome in status.held_exports:
        say_wrapped(f"{'':<11} {held_back_sentence(outcome)}", 12)
    _print_watched(status)
    if status.preset:
        say(f"gate        preset {status.preset}")
    for night in status.nights:
        if night.gate_change:
            say_wrapped(f"            {night.label}: {gate_change_sentence(night.gate_change)}", 12)
    if status.waiting_requests:
        waits = counted(status.waiting_requests, "request waits", "requests wait")
        say_whole(f"dashboard   {waits}; at once: errata reconcile -w {shlex.quote(str(status.workspace))}")
    _print_waiting(status)
    if status.untold_moves:
        say(f"MLflow      has not been told of {counted(status.untold_moves, 'move')}; the next night tells it")
    if status.nights:
        states = {promotion.night: promotion.state for promotion in status.promotions}
        rows = [_row(night, states.get(night.label)) for night in status.nights]
        print_table("nights", ("night", "new corrections", "fresh items", "effect [90 %]", "verdict"), rows)


def _print_waiting(status: LoopStatus) -> None:
    for promotion in status.promotions:
        if promotion.state == "waiting":
            say_wrapped(f"approval    {promotion_sentence(promotion)}", 12)
            say_whole(f"            errata approve -w {shlex.quote(str(status.workspace))}")


def _print_watched(status: LoopStatus) -> None:
    """What live talks and their reviews say."""
    for sentence in drift_sentences(status.drift) if status.drift else ():
        say_wrapped(sentence)
    if status.canary is not None:
        canary = status.canary
        say_wrapped(f"canary      {canary_sentence(canary.canary, canary.counts, canary.evidence)}", 12)


def print_mlflow(status: LoopStatus) -> None:
    """What MLflow says otherwise; nothing where it agrees."""
    for moved in status.moved_aliases:
        say_wrapped(moved_alias_sentence(moved), 12)
    if status.moved_aliases:
        say_whole(f"at once:    {REPAIR} -w {shlex.quote(str(status.workspace))}")
    if status.mlflow_problem:
        say_wrapped(status.mlflow_problem)


def _row(night: NightSummary, state: PromotionState | None) -> tuple[str, ...]:
    effect = number(night.effect, "+.1f")
    if night.effect is not None:
        effect += f" [{number(night.low)}, {number(night.high)}]"
    verdict = verdict_words(night.verdict, state) or ("–" if night.finished else "unfinished")
    return night.label, str(night.new_corrections), str(night.fresh_items), effect, verdict


def outcome_json(outcome: Outcome) -> JsonObject:
    """Each decision with its reasons in words besides; the night's own reason is the leading one's."""
    leading = leading_decision(outcome.decisions)
    reason = outcome.reason if leading is None else causes(leading.decision)[0]
    return {**as_json(outcome), "reason": reason, "decisions": [_decision_json(entry) for entry in outcome.decisions]}


def _decision_json(entry: OutcomeDecision) -> JsonObject:
    of = {"name": entry.name, "model": entry.model, "promoted": entry.promoted, "evidence": entry.evidence}
    return {**of, **as_json(entry.decision), "reasons": reasons(entry.decision)}


def print_night(outcome: Outcome, nights: Path) -> None:
    """A night that has just ended, with every decision and its reasons; `nights` is the folder of their reports."""
    print_nights([outcome])
    for entry in outcome.decisions:
        say_styled(f"{entry.name} {entry.model[:16]}: {entry.decision.verdict}", STYLES.get(entry.decision.verdict, ""))
        for reason in reasons(entry.decision):
            say_wrapped(f"  {reason}")
        if entry.model == outcome.proposed:
            say_wrapped(f"  {proposed_sentence(outcome.approvals_needed)} errata approve decides.")
    if not outcome.decisions:
        say_wrapped(f"{outcome.verdict}: {night_reason(outcome)}")
    if outcome.verdict != "skipped":
        say_whole(f"report: {nights / outcome.night / REPORT_PAGE}")


def history_json(history: AliasHistory) -> list[JsonObject]:
    """A champion's move has the targets besides that were held back in it."""
    return [_move_json(move, history) | _held(move, history) for move in history.moves]


def _move_json(move: MoveRow, history: AliasHistory) -> JsonObject:
    return {**{name: getattr(move, name) for name in MOVE}, "approvals": history.approvals(move)}


def _held(move: MoveRow, history: AliasHistory) -> JsonObject:
    held = history.held.get(move.evidence or "", ()) if move.alias == "champion" else ()
    return {"held_back": [outcome.target for outcome in held]} if held else {}


def print_history(history: AliasHistory) -> None:
    columns = ("#", "at (UTC)", "alias", "model", "reason", "night", "by")
    print_table("moves of aliases", columns, [_move(move) for move in history.moves])
    for move in history.moves:
        if move.alias == "champion" and not move.reason.startswith(ROLLBACK):
            for outcome in history.held.get(move.evidence or "", ()):
                say_wrapped(f"{move.number}: {held_back_sentence(outcome)}", 4)
    if history.promotions:
        say("")
        say("promotions that people were asked about")
    for promotion in history.promotions:
        say_wrapped(f"  {promotion_sentence(promotion)}", 4)


def print_promotion(promotion: PendingPromotion | None) -> None:
    """Of one that somebody has just said something of; None for a model that was champion already."""
    if promotion is None:
        say("it is champion already, on that evidence")
    elif promotion.state == "promoted":
        say(f"champion is {promotion.model[:16]}")
    else:
        say_wrapped(promotion_sentence(promotion))


def _move(move: MoveRow) -> tuple[str, ...]:
    at = move.at.isoformat()[:19]
    return str(move.number), at, move.alias, move.model[:12] or "–", move.reason, move.night or "–", move.by


def print_requests(requests: Sequence[RegistryRequest]) -> None:
    for request in requests:
        say_wrapped(request_sentence(request))
    if not requests:
        say("nothing was asked for")


def print_nights(outcomes: Sequence[Outcome]) -> None:
    """The table at a loop's end: F1 with its 90 % interval, on each night's fresh items."""
    title = "F1 on fresh items, with 90 % interval (equal: chapters of one length)"
    columns = ("night", "new", "equal", "Day-0", "champion", "candidate", "verdict")
    print_table(title, columns, [_outcome_row(outcome) for outcome in outcomes])
    for outcome in filter(_promoted_the_challenger, outcomes):
        f1 = _f1(outcome.means.get("challenger"))
        say(f"* {outcome.night} promoted an earlier night's candidate, which had waited: {f1}")
    for outcome in outcomes:
        alarm = outcome.equal_split_alarm(outcome.promoted or outcome.champion)
        if alarm:
            say_wrapped(f"{outcome.night}: {alarm_sentence(alarm)}")
        if outcome.gate_change:
            say_wrapped(f"{outcome.night}: {gate_change_sentence(outcome.gate_change)}")


def print_loop(outcomes: Sequence[Outcome]) -> None:
    """`print_nights`, how sure each night's difference is, and how often such verdicts are wrong."""
    print_nights(outcomes)
    entries = [(outcome, entry) for outcome in outcomes for entry in outcome.decisions]
    if not entries:
        return
    title = "contender minus champion, in points of F1, with 90 % interval"
    columns = ("night", "contender", "items", "difference", "one-sided p", "verdict")
    print_table(title, columns, [_decision_row(outcome, entry) for outcome, entry in entries])
    for outcome, entry in entries:
        for sentence in luck(entry.decision) if entry.promoted else ():
            say_wrapped(f"{outcome.night}: {sentence}")
    presets = dict.fromkeys(entry.decision.preset for _, entry in entries)
    for preset in presets:
        if preset.name:
            say_wrapped(known_error(preset))


def _decision_row(outcome: Outcome, entry: OutcomeDecision) -> tuple[str, ...]:
    verdict, comparison = entry.decision.verdict, entry.decision.comparison
    if comparison is None:
        return outcome.night, entry.name, "–", "–", "–", verdict
    difference = with_interval(comparison.effect, comparison.low, comparison.high, "+z.1f")
    p_value = number(entry.decision.p_value, ".2g")
    return outcome.night, entry.name, str(comparison.n), difference, p_value, verdict


def _outcome_row(outcome: Outcome) -> tuple[str, ...]:
    means = (_f1(outcome.means.get(name)) for name in ("day0", "champion", "candidate"))
    verdict = verdict_words(outcome.verdict, "waiting" if outcome.proposed else None)
    verdict += " *" if _promoted_the_challenger(outcome) else ""
    return outcome.night, str(outcome.new_corrections), number(outcome.equal_split_f1), *means, verdict


def _f1(mean: ModelMean | None) -> str:
    """With whole numbers for bounds, so that a night's row fits 80 columns; a dash where nothing was scored."""
    if mean is None:
        return "–"
    if mean.low is None or mean.high is None:
        return number(mean.f1)
    return f"{number(mean.f1)} [{mean.low:.0f}, {mean.high:.0f}]"


def _promoted_the_challenger(outcome: Outcome) -> bool:
    """Whether the night promoted the challenger and not its own candidate."""
    return outcome.promoted not in ("", outcome.candidate)
