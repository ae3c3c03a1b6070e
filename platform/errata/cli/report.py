"""A night's report, from what the night left in `nights/<label>/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import errata
from errata.database.tables import NightRow
from errata.errors import NotFound
from errata.workspace import Workspace, write_atomically

if TYPE_CHECKING:
    from evaluation.report.content import NightLine, Report


def write_report(workspace: Workspace, label: str | None) -> Path:
    """Writes the page and the summary of a night (the last that scored anything, without a label); returns the page.

    Raises NotFound where that night has no scores.
    """
    from evaluation.report.markdown import summary
    from evaluation.report.page import render

    with workspace.record.read() as store:
        nights = [row for row in store.loop.nights() if (workspace.nights / row.label / "evaluation.json").exists()]
    wanted = [row for row in nights if label in (None, row.label)]
    if not wanted:
        raise NotFound(f"no night {label or ''} has been scored; `errata status` lists the nights")
    tonight = wanted[-1]
    report = _report(workspace, [row for row in nights if row.number <= tonight.number])
    folder = workspace.nights / tonight.label
    write_atomically(folder / "report.md", summary(report))
    write_atomically(folder / "report.html", render(report))
    return folder / "report.html"


def _report(workspace: Workspace, nights: list[NightRow]) -> Report:
    import pyarrow.parquet as pq

    from evaluation.report.content import Report, shown_transcripts

    tonight = nights[-1]
    folder = workspace.nights / tonight.label
    items: list[dict[str, Any]] = pq.read_table(folder / "items.parquet").to_pylist()
    decisions = tuple(tonight.outcome.get("decisions", ()))
    with workspace.record.read() as store:
        excerpts = {seq: store.transcript(seq) for seq in shown_transcripts(items, decisions)}
    return Report(
        nights=tuple(_line(row) for row in nights),
        evaluation=_read(folder / "evaluation.json"),
        decisions=decisions,
        items=items,
        excerpts=excerpts,
        facts=_facts(workspace, tonight, folder),
    )


def _line(row: NightRow) -> NightLine:
    from evaluation.report.content import NightLine

    found = row.outcome
    return NightLine(row.label, row.verdict or "", found["new_corrections"], found["fresh_items"], found["means"])


def _facts(workspace: Workspace, night: NightRow, folder: Path) -> dict[str, str]:
    """Where the numbers come from; nothing that changes when the page is written again."""
    trained, mixed = _read(folder / "train.json"), _read(folder / "mix.json")
    loss = trained.get("loss") or []
    facts = {
        "Night": night.label,
        "Trained on corrections up to": f"watermark {night.training_watermark}",
        "Scored on corrections up to": f"watermark {night.gate_watermark}",
        "Champion before the night": str(night.outcome.get("champion", ""))[:16],
        "Candidate": str(night.outcome.get("candidate", ""))[:16] or "none",
    }
    if loss:
        facts["Training rows"] = f"{mixed['new']} new, {mixed['replayed']} replayed, {mixed['tokens']} tokens"
        facts["Training loss"] = f"{loss[0]:.3f} at the first of {len(loss)} steps, {loss[-1]:.3f} at the last"
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
