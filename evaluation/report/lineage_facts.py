"""From the record to the candidate: what was read, what was left out, and the hashes by which it is found again."""

from __future__ import annotations

from collections.abc import Iterator

from errata.documents.decision import leading_decision
from evaluation.report.content import Fact, Report, Sources
from evaluation.report.measures import NAMES

FILES = {
    "manifest.json": ("Snapshot", "Manifest, SHA-256"),
    "dvc.lock": ("Pipeline", "dvc.lock, SHA-256"),
    "evaluation.json": ("Scores", "evaluation.json, SHA-256"),
    "items.parquet": ("Scores", "items.parquet, SHA-256"),
}
MIXED = {
    "new": "Rows from new corrections",
    "replayed": "Rows the champion has trained on",
    "left_out": "Rows that don’t fit the model",
    "examples": "Rows in all",
    "tokens": "Tokens",
}


def lineage(report: Report) -> tuple[Fact, ...]:
    found = report.sources
    return (
        *_record(found),
        *_snapshot(found),
        *_curated(found),
        *(Fact("Mix", name, found.mixed[key]) for key, name in MIXED.items() if key in found.mixed),
        *_models(report),
        *_scores(report),
        *_pipeline(found),
    )


def _record(found: Sources) -> Iterator[Fact]:
    if found.night:
        yield Fact("Record", "Training watermark", found.night["training_watermark"])
        yield Fact("Record", "Gate watermark", found.night["gate_watermark"])


def _snapshot(found: Sources) -> Iterator[Fact]:
    shards = found.manifest.get("shards", [])
    if found.manifest:
        yield Fact("Snapshot", "Shards", len(shards))
        yield Fact("Snapshot", "Rows, replaced ones too", sum(shard["rows"] for shard in shards))
    yield from _hashes(found, "Snapshot")


def _curated(found: Sources) -> Iterator[Fact]:
    if found.curated:
        yield Fact("Curated", "Kept", found.curated["kept"])
    for reason, count in found.curated.get("left_out", {}).items():
        yield Fact("Curated", f"Left out: {reason}", count)


def _models(report: Report) -> Iterator[Fact]:
    """Whom the night began with, and whoever contended."""
    named = {name: report.sources.night.get(name, "") for name in ("day0", "champion", "challenger")}
    named |= {entry.name: entry.model for entry in report.decisions}
    for name, model in named.items():
        if model:
            yield Fact("Models", NAMES.get(name, name), model)


def _scores(report: Report) -> Iterator[Fact]:
    entry = leading_decision(report.decisions)
    yield from _hashes(report.sources, "Scores")
    if entry and entry.evidence:
        yield Fact("Scores", "Evidence record, SHA-256", entry.evidence)


def _pipeline(found: Sources) -> Iterator[Fact]:
    if found.night.get("code"):
        yield Fact("Pipeline", "Installed code, hash", found.night["code"])
    yield from _hashes(found, "Pipeline")


def _hashes(found: Sources, group: str) -> Iterator[Fact]:
    for file, (of, name) in FILES.items():
        if of == group and file in found.sha256:
            yield Fact(group, name, found.sha256[file])
