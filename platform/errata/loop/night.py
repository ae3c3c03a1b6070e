"""One turn of the loop.

DVC owns whatever is a function of its inputs; this file owns what touches the world: the lease, the watermarks, the
registry, the aliases. Every step is idempotent, so a night that was cut short is finished by running it again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.database.store import Store
from errata.database.tables import NightRow
from errata.documents.night import Night, today
from errata.domain.hashing import sha256
from errata.errors import NotFound, Refused, Unavailable
from errata.inference.artefact import Card, home, keep
from errata.loop.judging import judge_contenders
from errata.loop.lease import held
from errata.loop.night_timing import timed
from errata.workspace import Workspace

if TYPE_CHECKING:
    from registry.contest import Contest
    from registry.models import ModelRegistry

KEPT = (
    "night.yaml",
    "train.json",
    "scores/items.parquet",
    "scores/evaluation.json",
    "parity/parity.json",
    "candidate/nothing.json",
    "data/snapshot/manifest.json",
    "data/curated/report.json",
    "data/mix/report.json",
    "dvc.lock",
)
"""Copied to `nights/<label>/`, since the next night's stages overwrite their own outputs."""


PUBLISHED = "published"
"""Stands in a night's folder once MLflow and git know of it."""


def run_night(workspace: Workspace, label: str | None = None) -> dict[str, Any]:
    """Runs the night `label` (today, by default) to its end, or finishes it; returns its outcome.

    A finished night is not run again: its recorded outcome comes back.
    """
    label = label or today()
    with held(workspace.record):
        row = _begin(workspace, label)
        if row.finished:
            _publish(workspace, label, row.outcome)
            return row.outcome
        if row.training_watermark == row.gate_watermark:
            return _skip(workspace, label)
        night = _night(workspace, row)
        night.write(workspace.root)
        with timed(workspace.nights / label):
            _repro(workspace.root)
            outcome = _conclude(workspace, night)
        _publish(workspace, label, outcome)
        return outcome


def _begin(workspace: Workspace, label: str) -> NightRow:
    """The night's row, with the watermarks that it keeps however often it is run."""
    with workspace.record.write() as store:
        row = store.loop.night(label)
        if row is not None:
            return row
        for other in store.loop.nights():
            if not other.finished:
                raise Refused(
                    f"the night {other.label} was not finished; finish it: errata nightly --date {other.label}"
                )
        last = store.loop.last_night()
        trained = last.gate_watermark if last else 0
        return store.loop.begin_night(label, trained, max(trained, store.newest_correction()))


def _skip(workspace: Workspace, label: str) -> dict[str, Any]:
    outcome = {"night": label, "verdict": "skipped", "reason": "nothing new", "new_corrections": 0}
    with workspace.record.write() as store:
        store.loop.finish_night(label, "skipped", outcome)
    return outcome


def _night(workspace: Workspace, row: NightRow) -> Night:
    with workspace.record.read() as store:
        day0, champion = store.loop.holder("day0"), store.loop.holder("champion")
        challenger = store.loop.holder("challenger") or ""
    if day0 is None or champion is None:
        raise NotFound(f"{workspace.root} has no Day-0 model; run `errata init {workspace.root}` again")
    return Night(
        label=row.label,
        training_watermark=row.training_watermark,
        gate_watermark=row.gate_watermark,
        day0=day0,
        champion=champion,
        champion_watermark=_trained_upto(workspace, champion),
        challenger=challenger,
        challenger_watermark=_trained_upto(workspace, challenger) if challenger else 0,
        code=code_hash(),
    )


def _trained_upto(workspace: Workspace, identity: str) -> int:
    return Card.read(home(identity, workspace.models)).training_watermark


def code_hash() -> str:
    """Of the installed code that results depend on; the command line's and the sample data's are left out."""
    from importlib.util import find_spec

    specs = [find_spec(name) for name in ("errata", "retrain", "evaluation", "registry")]
    roots = [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]
    files = [path for root in roots for path in sorted(root.rglob("*.py"))]
    used = [path for path in files if not {"cli", "demo", "report"} & set(path.parts)]
    return sha256("".join(sha256(path.read_bytes()) for path in used))[:16]


def _repro(root: Path) -> None:
    """The pipeline, in processes of its own; whatever it prints goes to stderr."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "dvc", "repro", "--quiet"]
    if subprocess.run(command, cwd=root, env=environment, stdout=sys.stderr, check=False).returncode:
        raise Unavailable(
            f"the pipeline stopped, for the reason above; mend it and run the night again in {root}: "
            "it goes on where it stopped"
        )


def _conclude(workspace: Workspace, night: Night) -> dict[str, Any]:
    """From the stages' outputs to the registry, the gate and the aliases."""
    from registry.models import ModelRegistry

    folder = workspace.nights / night.label
    _collect(workspace.root, folder)
    evaluation: dict[str, Any] = json.loads((folder / "evaluation.json").read_text())
    contests = _contests(workspace, night, judge_contenders(workspace, night, evaluation["contenders"]))
    registry = ModelRegistry.of(workspace)
    run = registry.open_run(night.label)
    _register(workspace, registry, run, contests)
    outcome = _outcome(workspace, night, evaluation, contests)
    with workspace.record.write() as store:
        _move_aliases(store, night, contests)
        store.loop.finish_night(night.label, outcome["verdict"], outcome)
    return outcome


def _publish(workspace: Workspace, label: str, outcome: dict[str, Any]) -> None:
    """Tells MLflow and git of a decided night, and writes its report; what was published whole is left alone."""
    from registry.models import ModelRegistry

    folder = workspace.nights / label
    if outcome["verdict"] == "skipped" or (folder / PUBLISHED).exists():
        return
    registry = ModelRegistry.of(workspace)
    run = registry.open_run(label)
    registry.sync(workspace.record)
    _log(workspace, registry, run, Night.read(folder), outcome)
    registry.close_run(run)
    workspace.commit(f"Night {label}: {outcome['verdict']}")
    (folder / PUBLISHED).touch()


def _collect(root: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        target = folder / (Path(name).name if "report" not in name else name.split("/")[1] + ".json")
        target.unlink(missing_ok=True)
        if (root / name).exists():
            shutil.copyfile(root / name, target)


def _contests(workspace: Workspace, night: Night, contenders: Sequence[dict[str, Any]]) -> list[Contest]:
    from registry.contest import judge, read_parity
    from registry.gate import History, preset

    policy = preset(workspace.params()["gate"]["preset"])
    folder = workspace.nights / night.label
    with workspace.record.read() as store:
        history = History.of(row.outcome for row in store.loop.nights())
    contests = []
    for contender in contenders:
        made = folder if contender["name"] == "candidate" else _made_in(workspace, contender["model"])
        contest = judge(night, contender, read_parity(made / "parity.json"), policy, folder, history)
        history = history.after(contest.model, contest.decision.test)
        contests.append(contest)
    for contest in contests:
        if contest.name == "candidate":
            for made in (
                workspace.root / "candidate",
                *(workspace.root / "exports" / name for name in contest.exports),
            ):
                keep(made, workspace.models)
    return contests


def _made_in(workspace: Workspace, model: str) -> Path:
    """The results of the night that made a model."""
    with workspace.record.read() as store:
        label = next(row.label for row in store.loop.nights() if row.outcome.get("candidate") == model)
    return workspace.nights / label


def _register(workspace: Workspace, registry: ModelRegistry, run: str, contests: Sequence[Contest]) -> None:
    """The contenders, and each artefact that would ship, are versions with their evidence as tags."""
    for contest in contests:
        tags = {
            "errata.night": contest.record.parent.name,
            "errata.verdict": contest.decision.verdict,
            "errata.effect": str(contest.evidence.primary.effect),
            "errata.p_value": str(contest.evidence.primary.p_value),
            "errata.evidence": contest.sha256,
        }
        for kind, identity in {"model": contest.model, **contest.exports}.items():
            registry.register(
                home(identity, workspace.models),
                identity,
                {**tags, "errata.artefact": kind, "errata.of": contest.model},
                run,
            )


def _outcome(
    workspace: Workspace, night: Night, evaluation: dict[str, Any], contests: Sequence[Contest]
) -> dict[str, Any]:
    from registry.contest import chosen

    winner = chosen(contests)
    with workspace.record.read() as store:
        changed = store.corrected(night.training_watermark, night.gate_watermark)
    nothing = workspace.nights / night.label / "nothing.json"
    outcome: dict[str, Any] = {
        "night": night.label,
        "verdict": "bootstrap" if night.training_watermark == 0 else "no candidate",
        "reason": json.loads(nothing.read_text())["reason"] if nothing.exists() else "",
        "new_corrections": changed,
        "fresh_items": evaluation["fresh_items"],
        "equal_split_f1": evaluation["equal_split_f1"],
        "means": evaluation["means"],
        "champion": night.champion,
        "candidate": next((contest.model for contest in contests if contest.name == "candidate"), ""),
        "promoted": winner.model if winner else "",
        "decisions": [
            {
                "name": contest.name,
                "model": contest.model,
                "promoted": contest is winner,
                "evidence": contest.sha256,
                **contest.decision.as_json(),
            }
            for contest in contests
        ],
    }
    return outcome | (_leading(workspace, winner or contests[0]) if contests else {})


def _leading(workspace: Workspace, contest: Contest) -> dict[str, Any]:
    """What the night says of itself: the promoted contender's result, or else the candidate's."""
    primary = contest.evidence.primary
    return {
        "verdict": contest.decision.verdict,
        "reason": contest.decision.reasons[0],
        "effect": primary.effect,
        "low": primary.low,
        "high": primary.high,
        "p_value": primary.p_value,
        "n": primary.n,
        "needs": contest.decision.needs,
        "evidence": str(contest.record.relative_to(workspace.root)),
    }


def _move_aliases(store: Store, night: Night, contests: Sequence[Contest]) -> None:
    """Promotes at most one, and lets at most one wait; all in the caller's transaction."""
    from registry.contest import chosen, waiting
    from registry.promotion import promote

    winner, waits = chosen(contests), waiting(contests)
    if winner is not None:
        promote(store, winner.model, night.label, winner.record, "gate")
    if (waits.model if waits else "") != (store.loop.holder("challenger") or ""):
        reason = "waits" if waits else "retired"
        store.loop.move(
            "challenger", waits.model if waits else "", reason, "gate", night.label, waits.sha256 if waits else None
        )


def _log(workspace: Workspace, registry: ModelRegistry, run: str, night: Night, outcome: dict[str, Any]) -> None:
    from errata.loop.night_report import write_report
    from registry.models import Dataset

    folder = workspace.nights / night.label
    write_report(workspace, night.label)
    metrics = {"fresh_items": outcome["fresh_items"], "new_corrections": outcome["new_corrections"]}
    for name, mean in outcome["means"].items():
        metrics |= {f"{name}.{metric}": value for metric, value in mean.items() if value is not None}
    gate = {name: outcome.get(name) for name in ("effect", "low", "high", "p_value")}
    metrics |= {f"gate.{name}": value for name, value in gate.items() if value is not None}
    manifest = sha256((workspace.root / "data/snapshot/manifest.json").read_bytes())
    registry.log_dataset(run, Dataset("snapshot", manifest, night.training_watermark, "training"))
    registry.log(
        run,
        params={f"{group}.{name}": value for group, name, value in _params(workspace, night)},
        metrics=metrics,
        artifacts=sorted(path for path in folder.iterdir() if path.is_file()),
        tags={
            "errata.verdict": outcome["verdict"],
            "errata.evidence": outcome.get("evidence", ""),
            "errata.dvc_lock_sha256": sha256((workspace.root / "dvc.lock").read_bytes()),
        },
    )


def _params(workspace: Workspace, night: Night) -> Iterator[tuple[str, str, Any]]:
    for group, values in {**workspace.params(), "night": asdict(night)}.items():
        for name, value in values.items():
            yield group, name, value
