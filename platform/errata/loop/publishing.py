"""What the world is told of a decided night: MLflow of the moves and the results, people by the report, and git."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from errata.documents.decision import leading_decision
from errata.documents.document import write_document
from errata.documents.file_names import ALIAS_CHECK, DAY_N, DRIFT, MANIFEST, PIPELINE_LOCK, PUBLISHED, SNAPSHOT
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.params import UNKNOWN_GATE
from errata.domain.hashing import sha256
from errata.errors import ErrataError
from errata.files import write_json
from errata.loop.day_n import day_n_curve
from errata.loop.drift_watch import tell_of_drift, watch_drift
from errata.loop.hand_moves import HandMoves, tell_mlflow
from errata.loop.night_report import write_report
from errata.loop.registry_check import check_registry, note_findings
from errata.progress import note
from errata.wording.drift_sentences import drift_sentences
from errata.wording.night_sentences import alarm_sentence, gate_change_sentence
from errata.workspace import Workspace
from registry.models import ModelRegistry

ALARM, GATE_CHANGE, DESCRIPTION = "errata.alarm", "errata.gate_change", "mlflow.note.content"
"""Tags; the last is what MLflow shows as a run's description."""


def publish(workspace: Workspace, label: str, outcome: Outcome, hand_moves: HandMoves = ()) -> None:
    """Tells MLflow and git of a decided night, looks whether what ships is what was scored, and writes the report; what
    was published whole is left alone. `hand_moves` are those that the night has settled so far."""
    folder = workspace.nights / label
    if outcome.verdict == "skipped" or (folder / PUBLISHED).exists():
        return
    registry = ModelRegistry.of(workspace)
    run = registry.open_run(label)
    hand_moves += tell_mlflow(workspace)
    check = replace(check_registry(workspace), hand_moves=hand_moves)
    note_findings(replace(check, hand_moves=()))  # those were said when they were settled
    write_document(folder / ALIAS_CHECK, check)
    _look_for_drift(workspace, folder, outcome)
    write_report(workspace, label)
    _log(workspace, registry, run, Night.read(folder), outcome)
    registry.close_run(run)
    write_json(workspace.root / DAY_N, day_n_curve(_outcomes(workspace)))
    workspace.commit(f"Night {label}: {outcome.verdict}")
    (folder / PUBLISHED).touch()  # last: a night that was cut short before this is published anew


def _look_for_drift(workspace: Workspace, folder: Path, outcome: Outcome) -> None:
    """Of the champion that answered until tonight. What has drifted is no reason for a night to fail."""
    if not outcome.champion:
        return
    try:
        report = watch_drift(workspace, champion=outcome.champion)
    except ErrataError as problem:
        note(f"nobody knows whether talks have drifted: {problem}")
        return
    write_document(folder / DRIFT, report)
    for sentence in drift_sentences(report):
        note(sentence)
    tell_of_drift(workspace, report)


def _outcomes(workspace: Workspace) -> list[Outcome]:
    """Of the finished nights, in their order."""
    with workspace.record.read() as store:
        return [row.outcome for row in store.nights.all() if row.finished]


def _log(workspace: Workspace, registry: ModelRegistry, run: str, night: Night, outcome: Outcome) -> None:
    folder = workspace.nights / night.label
    in_force = outcome.promoted or outcome.champion
    alarm = outcome.equal_split_alarm(in_force)
    alarm_text = f"Night {night.label}. {alarm_sentence(alarm)}" if alarm else ""
    manifest = sha256((workspace.root / SNAPSHOT / MANIFEST).read_bytes())
    registry.log_snapshot(run, manifest, night.training_watermark)
    registry.log(
        run,
        params={**workspace.params().by_name(), **_of_night(night)},
        metrics=_metrics(outcome),
        artifacts=sorted(path for path in folder.iterdir() if path.is_file()),
        tags={
            "errata.verdict": outcome.verdict,
            "errata.evidence": outcome.evidence,
            "errata.dvc_lock_sha256": sha256((workspace.root / PIPELINE_LOCK).read_bytes()),
            **({ALARM: alarm_text, DESCRIPTION: alarm_text} if alarm else {}),
            **({GATE_CHANGE: gate_change_sentence(outcome.gate_change)} if outcome.gate_change else {}),
        },
    )
    registry.tag_version(in_force, {ALARM: alarm_text})  # also where an earlier night's is over


def _metrics(outcome: Outcome) -> dict[str, float]:
    """MLflow takes numbers alone: what isn't known is left out."""
    metrics: dict[str, float | None] = {
        "fresh_items": outcome.fresh_items,
        "new_corrections": outcome.new_corrections,
        "equal_split.f1": outcome.equal_split_f1,
        "gate.effect": outcome.effect,
        "gate.low": outcome.low,
        "gate.high": outcome.high,
        "gate.p_value": outcome.p_value,
    }
    leading = leading_decision(outcome.decisions)
    if leading and leading.decision.shrunken:
        shrunken = leading.decision.shrunken
        metrics |= {"gate.shrunken_effect": shrunken.effect, "gate.regression": shrunken.regression}
    for name, mean in outcome.means.items():
        metrics |= {f"{name}.{metric}": value for metric, value in asdict(mean).items()}
    return {name: value for name, value in metrics.items() if value is not None}


def _of_night(night: Night) -> dict[str, object]:
    """With the gate as it was when the night began, whatever `params.yaml` says by now."""
    own = {f"night.{name}": value for name, value in asdict(night).items() if name not in ("gate", "gate_before")}
    gate = {} if night.gate == UNKNOWN_GATE else asdict(night.gate)
    return own | {f"gate.{name}": value for name, value in gate.items()}
