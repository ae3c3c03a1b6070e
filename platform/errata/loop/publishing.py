"""What the world is told of a decided night: MLflow of the moves and the results, people by the report, and git.

MLflow may be away: the night is decided all the same, and is told when MLflow is there again, by the next night or by
`errata reconcile`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from errata.documents.alias_check import AliasCheck
from errata.documents.document import RESTORE, read_document, write_document
from errata.documents.file_names import ALIAS_CHECK, DAY_N, DRIFT, EVALUATION, PUBLISHED
from errata.documents.outcome import Outcome
from errata.errors import BadInput, ErrataError, NotFound, Refused, Unavailable
from errata.files import write_json
from errata.loop.day_n import day_n_curve
from errata.loop.drift_watch import tell_of_drift, watch_drift
from errata.loop.hand_moves import HandMoves, tell_mlflow
from errata.loop.night_report import write_report
from errata.loop.night_runs import log_night
from errata.loop.registering import register_contenders, register_missing
from errata.loop.registry_check import check_registry, note_findings
from errata.progress import note
from errata.wording.drift_sentences import drift_sentences
from errata.workspace import Workspace
from registry.models import ModelRegistry

UNTOLD = (BadInput, NotFound, Refused, Unavailable)
"""Why MLflow may not be told: it is away, takes none of it, or what it is to be told of is not whole here."""


def publish(workspace: Workspace, label: str, outcome: Outcome, hand_moves: HandMoves = ()) -> None:
    """Tells MLflow and git of a decided night, looks whether what ships is what was scored, and writes the report; what
    was published whole is left alone. `hand_moves` are those that the night has settled so far.

    Where MLflow is away, or doesn't take it, that is said, and the night waits to be published.
    """
    folder = workspace.nights / label
    if not _waits(workspace, outcome):
        return
    try:
        register_contenders(workspace, outcome)
        register_missing(workspace)
        hand_moves += tell_mlflow(workspace)
        problem = ""
    except UNTOLD as error:
        problem = str(error)
    hand_moves = tuple(dict.fromkeys((*_noted_hand_moves(folder), *hand_moves)))
    check = replace(check_registry(workspace), hand_moves=hand_moves)
    note_findings(replace(check, hand_moves=()))  # those were said when they were settled
    write_document(folder / ALIAS_CHECK, check)
    _look_for_drift(workspace, folder, outcome)
    write_report(workspace, label)
    outcomes = _outcomes(workspace)
    problem = problem or _log(workspace, outcome, outcomes)
    write_json(workspace.root / DAY_N, day_n_curve(outcomes))
    workspace.commit(f"Night {label}: {outcome.verdict}")
    if problem:
        note(f"the night {label} is decided, and MLflow is told by the next night, or by `errata reconcile`: {problem}")
    else:
        (folder / PUBLISHED).touch()  # last: a night that was cut short before this is published anew


def publish_waiting(workspace: Workspace) -> None:
    """Those nights of which MLflow wasn't told when they were decided, in their order. The caller holds the loop's
    lease. One whose files are gone or broken is said, and keeps no other from being told.

    Raises Unavailable where nobody answers at MLflow's address, and NotFound where its store is gone.
    """
    waiting = waiting_nights(workspace)
    if waiting:
        ModelRegistry.of(workspace).mlflow.check_reachable()
    for outcome in waiting:
        try:
            publish(workspace, outcome.night, outcome)
        except (BadInput, NotFound, Refused) as problem:
            note(f"the night {outcome.night} can't be told to MLflow: {problem}")


def waiting_nights(workspace: Workspace) -> list[Outcome]:
    """Those that are decided, and of which MLflow wasn't told."""
    return [outcome for outcome in _outcomes(workspace) if _waits(workspace, outcome)]


def _waits(workspace: Workspace, outcome: Outcome) -> bool:
    """Of a night whose folder is gone, there is nothing to tell."""
    folder = workspace.nights / outcome.night
    return outcome.verdict != "skipped" and (folder / EVALUATION).is_file() and not (folder / PUBLISHED).exists()


def _noted_hand_moves(folder: Path) -> HandMoves:
    """Those that were settled when the night was first published, and MLflow was not told all of it."""
    path = folder / ALIAS_CHECK
    return read_document(AliasCheck, path, RESTORE).hand_moves if path.exists() else ()


def _look_for_drift(workspace: Workspace, folder: Path, outcome: Outcome) -> None:
    """Of the champion that answered until tonight, once: a night that is told to MLflow later has alarmed already, and
    talks that came since are none of it. What has drifted is no reason for a night to fail."""
    if not outcome.champion or (folder / DRIFT).exists():
        return
    try:
        report = watch_drift(workspace, champion=outcome.champion)
    except ErrataError as problem:
        note(f"nobody knows whether talks have drifted: {problem}")
        return
    for sentence in drift_sentences(report):
        note(sentence)
    tell_of_drift(workspace, report)
    write_document(folder / DRIFT, report)  # last: a night that was cut short before this alarms again


def _outcomes(workspace: Workspace) -> list[Outcome]:
    """Of the finished nights, in their order."""
    with workspace.record.read() as store:
        return [row.outcome for row in store.nights.all() if row.finished]


def _log(workspace: Workspace, outcome: Outcome, outcomes: Sequence[Outcome]) -> str:
    """Why MLflow could not be told; empty where it was."""
    try:
        log_night(workspace, outcome, outcomes)
    except UNTOLD as error:
        return str(error)
    return ""
