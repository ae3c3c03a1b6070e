"""A night as MLflow shows it: a run, with one of its candidate and one of its evaluation within, and the one run in
which all nights' scores are a line.

    2026-03-04                  the night: verdict, parameters, the report, the talks one by one
      2026-03-04: candidate     what it was trained on, its loss, its files and versions
      2026-03-04: evaluation    what it was scored on, every model's scores
    Day-0 to Day-N              F1 of each model on each night's fresh items, a step a night

Metrics have the same names on all nights, and the night's number as their step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from errata.documents import file_names as names
from errata.documents.candidate_choice import CandidateChoice
from errata.documents.decision import leading_decision
from errata.documents.document import RESTORE, Document, read_document, read_yaml
from errata.documents.evaluation import Evaluation
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.params import UNKNOWN_GATE
from errata.documents.scored_items import PARTS, ScoredItemRow, read_scored_items
from errata.documents.snapshot import SnapshotManifest
from errata.documents.stage_reports import MixtureReport, TrainingLog
from errata.domain.chapter import Chapters
from errata.domain.clock import clock
from errata.domain.hashing import canonical_json, content_hash, sha256
from errata.domain.transcript import Unit
from errata.files import write_json
from errata.loop.day_n import MODELS, day_n_curve
from errata.loop.registering import candidate_run
from errata.wording.gate_sentences import findings
from errata.wording.night_sentences import alarm_sentence, gate_change_sentence, night_reason
from errata.workspace import Workspace
from registry.mlflow_runs import LoggedDataset
from registry.models import ModelRegistry

Kind = TypeVar("Kind", bound=Document)

ALARM, GATE_CHANGE, DESCRIPTION = "errata.alarm", "errata.gate_change", "mlflow.note.content"
"""Tags; the last is what MLflow shows as a run's description, in Markdown."""
TABLE = "talks.json"
"""The items, one by one, as MLflow shows tables."""
_SHOWN_AS_TABLE = {"path": TABLE, "type": "table"}
TRAINING_GROUPS = ("curate.", "augment.", "mix.", "train.")
"""Parameters of a candidate."""


def log_night(workspace: Workspace, outcome: Outcome, outcomes: Sequence[Outcome]) -> None:
    """Tells MLflow of a finished night; `outcomes` are those of all nights. Doing it again changes nothing."""
    registry, folder = ModelRegistry.of(workspace), workspace.nights / outcome.night
    curve = day_n_curve(outcomes)
    step = next((point["number"] for point in curve if point["night"] == outcome.night), 0)
    run = registry.runs.open_night(outcome.night)
    _log_night(workspace, registry, run, outcome, step)
    log_items(workspace, registry, run, outcome.night)
    if outcome.candidate:
        _log_candidate(workspace, registry, outcome, step)
    _log_passed_over(registry, run, outcome.night, folder)
    _log_evaluation(registry, run, outcome, folder, step)
    registry.runs.close(run)
    _log_curve(registry, curve)
    alarm = _alarm(outcome)
    registry.tag_version(outcome.promoted or outcome.champion, {ALARM: alarm})  # also where an earlier night's is over


def log_items(workspace: Workspace, registry: ModelRegistry, run: str, label: str) -> None:
    """The report of a night, and its items as a table that MLflow shows."""
    folder = workspace.nights / label
    present = [folder / name for name in (names.ITEMS, *names.REPORT_FILES) if (folder / name).exists()]
    with TemporaryDirectory() as scratch:
        table = Path(scratch) / TABLE
        rows = _scored_rows(folder)
        write_json(table, _table(rows, _units(workspace, rows)))
        registry.runs.log(run, {}, {}, [*present, table], {"mlflow.loggedArtifacts": canonical_json([_SHOWN_AS_TABLE])})


def _log_night(workspace: Workspace, registry: ModelRegistry, run: str, outcome: Outcome, step: int) -> None:
    folder = workspace.nights / outcome.night
    night = Night.read(folder)
    alarm = _alarm(outcome)
    snapshot = _kept(folder, names.MANIFEST, workspace.root / names.SNAPSHOT / names.MANIFEST)
    lock = _kept(folder, names.PIPELINE_LOCK, workspace.root / names.PIPELINE_LOCK)
    manifest = read_document(SnapshotManifest, snapshot, RESTORE)
    registry.runs.log_dataset(
        run,
        LoggedDataset(
            name="snapshot",
            digest=sha256(snapshot.read_bytes()),
            context="training",
            rows=manifest.rows,
            source={"watermark": night.training_watermark},
            profile={"shards": len(manifest.shards)},
        ),
    )
    registry.runs.log(
        run,
        params={**workspace.params().by_name(), **_of_night(night)},
        metrics=_metrics(outcome),
        artifacts=sorted(path for path in folder.iterdir() if path.is_file()),
        tags={
            "errata.verdict": outcome.verdict,
            "errata.evidence": outcome.evidence,
            "errata.dvc_lock_sha256": sha256(lock.read_bytes()),
            DESCRIPTION: _description(registry, run, outcome, alarm),
            **({ALARM: alarm} if alarm else {}),
            **({GATE_CHANGE: gate_change_sentence(outcome.gate_change)} if outcome.gate_change else {}),
        },
        step=step,
    )


def _kept(folder: Path, name: str, present: Path) -> Path:
    """A night's own copy; of a night of an older Errata, what lies in the workspace."""
    return folder / name if (folder / name).exists() else present


def _description(registry: ModelRegistry, run: str, outcome: Outcome, alarm: str) -> str:
    leading = leading_decision(outcome.decisions)
    shown = findings(leading.decision, with_comparison=True)[1:] if leading else []
    change = [gate_change_sentence(outcome.gate_change)] if outcome.gate_change else []
    links = (("Report", names.REPORT_PAGE), ("Talks, one by one", TABLE))
    linked = " · ".join(f"[{title}]({registry.runs.place(run, name)})" for title, name in links)
    bullets = "\n".join(f"- {sentence}" for sentence in (*shown, *change))
    return "\n\n".join(part for part in (f"{outcome.verdict}: {night_reason(outcome)}", alarm, bullets, linked) if part)


def _alarm(outcome: Outcome) -> str:
    """Empty where whoever is in force scored above equal chapters."""
    alarm = outcome.equal_split_alarm(outcome.promoted or outcome.champion)
    return f"Night {outcome.night}. {alarm_sentence(alarm)}" if alarm else ""


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
    return _known(metrics)


def _known(metrics: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if value is not None}


def _of_night(night: Night) -> dict[str, object]:
    """With the gate as it was when the night began, whatever `params.yaml` says by now."""
    own = {f"night.{name}": value for name, value in asdict(night).items() if name not in ("gate", "gate_before")}
    gate = {} if night.gate == UNKNOWN_GATE else asdict(night.gate)
    return own | {f"gate.{name}": value for name, value in gate.items()}


# the candidate ---------------------------------------------------------------------------------------------------


def _log_candidate(workspace: Workspace, registry: ModelRegistry, outcome: Outcome, step: int) -> None:
    folder = workspace.nights / outcome.night
    night, run = Night.read(folder), candidate_run(registry, outcome.night)
    params = {name: value for name, value in workspace.params().by_name().items() if name.startswith(TRAINING_GROUPS)}
    training, mixture = _read(TrainingLog, folder / names.TRAINING), _read(MixtureReport, folder / names.MIXTURE_COPY)
    packages = {f"package.{name}": version for name, version in training.packages.items()} if training else {}
    mix = _numbers(mixture) if mixture else {}
    data = _training_mix(folder, night, mixture, mix)
    if data:
        registry.runs.log_dataset(run, data)
    mean = outcome.means.get("candidate")
    registry.runs.log(
        run,
        params={"model": outcome.candidate, **params, **packages},
        metrics={**_known(asdict(mean) if mean else {}), **{f"mix.{name}": value for name, value in mix.items()}},
        artifacts=(),
        tags={
            "errata.model": outcome.candidate,
            "errata.watermark": str(night.training_watermark),
            "errata.start": outcome.candidate_start or str(params["train.start"]),
        },
        step=step,
    )
    if training:
        registry.runs.log_steps(run, {at: {"loss": loss} for at, loss in enumerate(training.loss, 1)})
    registry.runs.close(run)


def _training_mix(
    folder: Path, night: Night, mixture: MixtureReport | None, numbers: Mapping[str, float]
) -> LoggedDataset | None:
    """By the hash under which DVC keeps it; None where the night says nothing of it."""
    if mixture is None or not (folder / names.PIPELINE_LOCK).exists():
        return None
    outputs = read_yaml(folder / names.PIPELINE_LOCK, RESTORE).get("stages", {}).get("train", {}).get("outs", ())
    digest = next((out.get("md5", "") for out in outputs if out.get("path") == names.MIXTURE.as_posix()), "")
    if not digest:
        return None
    return LoggedDataset(
        name="training mix",
        digest=digest.removesuffix(".dir"),
        context="training",
        rows=mixture.examples,
        source={"dvc": digest, "path": names.MIXTURE.as_posix(), "watermark": night.training_watermark},
        profile=dict(numbers),
    )


def _numbers(mixture: MixtureReport) -> dict[str, float]:
    return {name: value for name, value in asdict(mixture).items() if isinstance(value, int | float)}


def _log_passed_over(registry: ModelRegistry, parent: str, label: str, folder: Path) -> None:
    """Candidates that dev liked less: they are scored there alone."""
    choice = _read(CandidateChoice, folder / names.CANDIDATE_CHOICE)
    for made in choice.candidates if choice else ():
        if choice and made.model and made.start != choice.taken:
            run = registry.runs.open_part(parent, f"passed over: {made.start}", f"{label}: candidate passed over")
            tags = {"errata.model": made.model, "errata.start": made.start}
            registry.runs.log(run, {"model": made.model}, _known({"dev.f1": made.f1}), (), tags)
            registry.runs.close(run)


def _read(kind: type[Kind], path: Path) -> Kind | None:
    return read_document(kind, path, RESTORE) if path.exists() else None


# the evaluation --------------------------------------------------------------------------------------------------


def _log_evaluation(registry: ModelRegistry, parent: str, outcome: Outcome, folder: Path, step: int) -> None:
    rows = _scored_rows(folder)
    run = registry.runs.open_part(parent, "evaluation", f"{outcome.night}: evaluation")
    for part in PARTS:
        of_part = [row for row in rows if row.part == part]
        if of_part:
            registry.runs.log_dataset(run, _evaluation_set(part, of_part, outcome.night))
    evaluation = read_document(Evaluation, folder / names.EVALUATION, RESTORE)
    effects = {
        f"{scores.name}.{rail}.effect": comparison.effect
        for scores in evaluation.contenders
        for rail, comparison in {"fresh": scores.primary, **scores.all_guardrails}.items()
    }
    registry.runs.log(run, {}, {**_known(effects), **_part_means(rows)}, (), {}, step=step)
    registry.runs.close(run)


def _evaluation_set(part: str, rows: Sequence[ScoredItemRow], night: str) -> LoggedDataset:
    """The items and what they are scored against, whoever answered."""
    items = {(row.transcript, row.correction, row.reference) for row in rows}
    return LoggedDataset(
        name=f"{part} items",
        digest=content_hash(sorted(items)),
        context="evaluation",
        rows=len(items),
        source={"night": night, "path": names.ITEMS, "part": part},
        profile={"channels": len({row.channel for row in rows})},
    )


def _part_means(rows: Sequence[ScoredItemRow]) -> dict[str, float]:
    """F1 of each model on each part."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        values[f"{row.name}.{row.part}.f1"].append(row.f1)
    return {name: fmean(scores) for name, scores in values.items()}


def _scored_rows(folder: Path) -> list[ScoredItemRow]:
    """None of a night that had nothing to score."""
    return read_scored_items(folder / names.ITEMS) if (folder / names.ITEMS).exists() else []


def _units(workspace: Workspace, rows: Sequence[ScoredItemRow]) -> dict[int, Unit]:
    """In what each talk's chapters begin."""
    with workspace.record.read() as store:
        return {seq: store.transcripts.unit_of(seq) for seq in {row.transcript for row in rows}}


def _table(rows: Sequence[ScoredItemRow], units: Mapping[int, Unit]) -> dict[str, Any]:
    """A line an item, with every model's F1 on it and, as text, the chapters of people and of each model."""
    items: dict[tuple[str, int], dict[str, ScoredItemRow]] = defaultdict(dict)
    for row in rows:
        items[row.part, row.transcript][row.name] = row
    models = list(dict.fromkeys(row.name for row in rows))
    columns = ["part", "talk", "channel", "review", "equal chapters: F1", *(f"{name}: F1" for name in models)]
    columns += ["reviewed chapters", *(f"{name}: chapters" for name in models)]
    data = [_line(part, answers, models, units[seq]) for (part, seq), answers in items.items()]
    return {"columns": columns, "data": data}


def _line(
    part: str, answers: Mapping[str, ScoredItemRow], models: Sequence[str], unit: Unit
) -> list[str | float | None]:
    any_row = next(iter(answers.values()))
    return [
        part,
        any_row.external_id,
        any_row.channel,
        any_row.kind,
        None if any_row.equal_split_f1 is None else round(any_row.equal_split_f1, 1),
        *(round(answers[name].f1, 1) if name in answers else None for name in models),
        _chapter_lines(any_row.reference_chapters, unit),
        *(_chapter_lines(answers[name].predicted_chapters, unit) if name in answers else "" for name in models),
    ]


def _chapter_lines(chapters: Chapters, unit: Unit) -> str:
    """A chapter a line."""
    places = [clock(chapter.start) if unit == "seconds" else f"word {chapter.start:.0f}" for chapter in chapters]
    return "\n".join(f"{place} {chapter.title}" for place, chapter in zip(places, chapters, strict=True))


# the curve -------------------------------------------------------------------------------------------------------


def _log_curve(registry: ModelRegistry, curve: Sequence[Mapping[str, Any]]) -> None:
    """Adds the nights that MLflow doesn't have yet, all of them where its store was lost."""
    run = registry.runs.open_curve()
    there = registry.runs.steps_of(run, "night")
    new = [point for point in curve if point["number"] not in there]
    registry.runs.log_steps(run, {point["number"]: _curve_point(point) for point in new})
    registry.runs.close(run)


def _curve_point(point: Mapping[str, Any]) -> dict[str, float]:
    f1 = {f"{name}.f1": point[name] for name in MODELS}
    return _known({"night": point["number"], "equal_split.f1": point["equal_chapters"], **f1})
