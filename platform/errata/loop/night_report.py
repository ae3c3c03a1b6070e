"""A night's report, from what the night left in `nights/<label>/`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import errata
from errata.database.tables import NightRow
from errata.documents.decision import decisions_of
from errata.documents.document import read_document
from errata.documents.file_names import judging_file
from errata.documents.judging import Judging
from errata.domain.hashing import sha256
from errata.errors import NotFound
from errata.files import write_atomically, write_json
from errata.loop.night_timing import TOOK
from errata.workspace import Workspace

if TYPE_CHECKING:
    from evaluation.report.content import NightLine, Report, Sources

PAGE, SUMMARY, DOCUMENT = "report.html", "report.md", "report.json"
HASHED = ("manifest.json", "dvc.lock", "evaluation.json", "items.parquet")
NIGHTLY = "nightly"
"""By whom a night's own look at held-out items is logged,"""
EXPORTS = ", exports"
"""and what then follows its label where its artefacts were scored on them."""


def write_report(workspace: Workspace, label: str | None) -> Path:
    """Writes a night's page, its summary and its JSON (the last decided night's, without a label).

    Returns the page; the other two lie beside it. Raises NotFound where that night has no scores, or no verdict yet.
    """
    from evaluation.report.markdown import summary
    from evaluation.report.page import render
    from evaluation.report.report_document import as_json

    with workspace.record.read() as store:
        decided = [row for row in store.nights.all() if row.finished]
    nights = [row for row in decided if (workspace.nights / row.label / "evaluation.json").exists()]
    wanted = [row for row in nights if label in (None, row.label)]
    if not wanted:
        raise NotFound(f"no night{f' {label}' if label else ''} has been scored and decided; see `errata status`")
    tonight = wanted[-1]
    report = _report(workspace, [row for row in nights if row.number <= tonight.number])
    folder = workspace.nights / tonight.label
    write_json(folder / DOCUMENT, as_json(report))
    write_atomically(folder / SUMMARY, summary(report))
    write_atomically(folder / PAGE, render(report))
    return folder / PAGE


def _report(workspace: Workspace, nights: list[NightRow]) -> Report:
    import pyarrow.parquet as pq

    from evaluation.report.content import Report, shown_transcripts

    tonight = nights[-1]
    folder = workspace.nights / tonight.label
    items: list[dict[str, Any]] = pq.read_table(folder / "items.parquet").to_pylist()
    decisions = decisions_of(tonight.outcome)
    sources = _sources(workspace, nights, folder)
    with workspace.record.read() as store:
        excerpts = {seq: store.transcripts.read(seq) for seq in shown_transcripts(items, decisions)}
    return Report(
        nights=tuple(_line(row) for row in nights),
        evaluation=_read(folder / "evaluation.json"),
        decisions=decisions,
        items=items,
        excerpts=excerpts,
        facts=_facts(workspace, tonight, folder),
        sources=sources,
        reason="" if decisions else str(tonight.outcome.get("reason", "")),
        learnt=_learnt(workspace, nights, sources.night.get("day0")),
    )


def _line(row: NightRow) -> NightLine:
    from evaluation.report.content import NightLine

    found = row.outcome
    return NightLine(
        label=row.label,
        verdict=row.verdict or "",
        new_corrections=found["new_corrections"],
        fresh_items=found["fresh_items"],
        means=found["means"],
        promoted=_promoted(row),
    )


def _promoted(row: NightRow) -> str:
    return next((entry.name for entry in decisions_of(row.outcome) if entry.promoted), "")


def _learnt(workspace: Workspace, nights: list[NightRow], day0: str | None) -> dict[str, frozenset[str]]:
    """By model, the nights whose corrections lie below the watermark up to which it was trained.

    Of Day-0, of tonight's contenders and of all that were ever in force: nights that promoted nobody aren't read.
    """
    upto = {day0: 0} if day0 else {}
    for row in nights:
        if row is nights[-1] or _promoted(row):
            found = _read(workspace.nights / row.label / "evaluation.json").get("contenders", ())
            upto |= {contest["model"]: contest["watermark"] for contest in found}
    return {
        model: frozenset(row.label for row in nights if row.training_watermark < row.gate_watermark <= mark)
        for model, mark in upto.items()
    }


def _sources(workspace: Workspace, nights: list[NightRow], folder: Path) -> Sources:
    """Of the night's own folder alone, so that an old night's page stays as it was when it is written again."""
    from evaluation.report.content import Sources

    tonight = nights[-1]
    present = [name for name in HASHED if (folder / name).exists()]
    return Sources(
        night=_night(tonight, folder),
        manifest=_read(folder / "manifest.json"),
        curated=_read(folder / "curated.json"),
        mixed=_read(folder / "mix.json"),
        training=_read(folder / "train.json"),
        parity=_read(folder / "parity.json"),
        took=_read(folder / TOOK),
        judges=_judges(folder, [entry.name for entry in decisions_of(tonight.outcome)]),
        accesses=_accesses(workspace, {row.label for row in nights}),
        sha256={name: sha256((folder / name).read_bytes()) for name in present},
    )


def _night(row: NightRow, folder: Path) -> dict[str, Any]:
    import yaml

    path = folder / "night.yaml"
    kept: dict[str, Any] = yaml.safe_load(path.read_text()) if path.exists() else {}
    return {**kept, "training_watermark": row.training_watermark, "gate_watermark": row.gate_watermark}


def _judges(folder: Path, contenders: list[str]) -> dict[str, Judging]:
    """What judges said of each contender that they were asked about."""
    paths = {name: path for name in contenders if (path := folder / judging_file(name)).exists()}
    judgings = {name: read_document(Judging, path, "put back what the night wrote") for name, path in paths.items()}
    return {name: judging for name, judging in judgings.items() if judging.judges}


def _accesses(workspace: Workspace, labels: set[str]) -> dict[str, int]:
    """By role, up to the last look of these nights: what came later isn't of this page."""
    with workspace.record.read() as store:
        logged = store.holdout.accesses()
    nightly = (one for one in logged if one.access.by == NIGHTLY)
    ours = [one.seq for one in nightly if one.access.why.removesuffix(EXPORTS) in labels]
    return dict(sorted(Counter(one.access.role for one in logged if one.seq <= max(ours, default=0)).items()))


def _facts(workspace: Workspace, night: NightRow, folder: Path) -> dict[str, str]:
    """What else belongs to the night; nothing that changes when the page is written again."""
    facts = {"Night": night.label}
    for target, found in _read(folder / "parity.json").items():
        agreed = found["agreement"]["starts"]
        facts[f"Export for a {target}"] = (
            f"{found['model'][:16]}, {found['size'] / 1e6:.1f} MB, "
            f"{'–' if agreed is None else format(agreed, '.1f')} % of chapter starts as the model itself"
        )
    facts["MLflow"] = f"mlflow ui --backend-store-uri {_safe(workspace.settings.mlflow_uri)}"
    facts["Errata"] = errata.__version__
    return facts


def _safe(uri: str) -> str:
    """An address without its password."""
    import sqlalchemy as sa

    return sa.make_url(uri).render_as_string(hide_password=True)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    value: dict[str, Any] = json.loads(path.read_text())
    return value
