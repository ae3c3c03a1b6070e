"""What the replay does to forgetting: a night's candidate is made again with other replays, and asked what earlier
nights had taught.

    python -m benchmarks.replay [WORKSPACE]

Of a workspace whose newest night scored a candidate and whose stages' folders still are that night's; the sample loop,
which is turned first, where none is given. It is worked on in a copy. Prints a table in Markdown: F1 on the night's
fresh items, and on those of earlier nights, each beside those of the model that was gone on from.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.workspaces import copied_workspace, set_params
from errata.documents.document import read_document
from errata.documents.file_names import CANDIDATE, ITEMS, MIXTURE, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.scored_items import ScoredItemRow, read_scored_items, rows_of
from errata.documents.stage_reports import MixtureReport
from errata.inference.artefact import verify
from errata.inference.model import FolderModel
from errata.workspace import Workspace
from evaluation.seed_spread import f1_of_rows
from retrain import augment, curate, mix, snapshot, train

SETTINGS: dict[str, dict[str, Any]] = {
    "none": {"replay": 0.0},
    "0.25, evenly": {"replay": 0.25},
    "1, evenly": {"replay": 1.0},
    "1, half of it the hardest": {"replay": 1.0, "replay_by": {"uniform": 0.5, "hardest": 0.5}},
    "1, half of it on-policy": {"replay": 1.0, "replay_by": {"uniform": 0.5, "on_policy": 0.5}},
}


@dataclass(frozen=True, slots=True)
class ReplayResult:
    name: str
    new: int
    replayed: int
    fresh: float
    """F1 on the night's fresh items,"""
    earlier: float
    """and on those of the nights before."""


def gone_on_from(workspace: Workspace) -> str:
    """What the night's model that is gone on from was scored as. A challenger that waits is taken for the champion: the
    sample promotes nobody, and Day-0 has nothing to forget of what it was not taught."""
    night = Night.read(workspace.root)
    if not night.challenger:
        return "champion"
    replace(night, champion=night.challenger, champion_watermark=night.challenger_watermark).write(workspace.root)
    return "challenger"


def items_of(workspace: Workspace, name: str) -> tuple[list[ScoredItemRow], list[ScoredItemRow]]:
    """The rows of the model of that name: the night's fresh items that decide, and earlier nights'."""
    items = read_scored_items(workspace.nights / Night.read(workspace.root).label / ITEMS)
    own, fresh = rows_of(items, name), rows_of(items, "candidate")
    model = next(row.model for row in own.values())
    earlier = [row for row in items if row.model == model and row.part == "vintage"]
    return [own[seq] for seq, row in fresh.items() if row.part == "fresh" and row.kind != "accept"], earlier


def candidate_of(
    workspace: Workspace, name: str, settings: dict[str, Any], items: Sequence[list[ScoredItemRow]]
) -> ReplayResult:
    """Made by the stages themselves, in the workspace, which is this process's folder."""
    set_params(workspace.root, {"mix": settings})
    mix.main()
    train.main()
    model = FolderModel(verify(CANDIDATE), CANDIDATE, workspace.models)
    report = read_document(MixtureReport, MIXTURE / STAGE_REPORT, "run it again")
    fresh, earlier = (fmean(f1_of_rows(workspace.record, model, rows)) for rows in items)
    return ReplayResult(name, report.new, report.replayed, fresh, earlier)


def header(before: tuple[float, float], counts: tuple[int, int]) -> list[str]:
    return [
        f"| replay | rows new / again | F1, {counts[0]} fresh items | F1, {counts[1]} items of earlier nights |",
        "|---|---|---|---|",
        f"| (gone on from) | – | {before[0]:.1f} | {before[1]:.1f} |",
    ]


def line(result: ReplayResult, before: tuple[float, float]) -> str:
    pairs = zip((result.fresh, result.earlier), before, strict=True)
    gains = " | ".join(f"{now:.1f} ({now - then:+.1f})" for now, then in pairs)
    return f"| {result.name} | {result.new} / {result.replayed} | {gains} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("workspace", type=Path, nargs="?", help="the sample's, turned first, where none is given")
    given: Path | None = parser.parse_args().workspace
    with tempfile.TemporaryDirectory() as place:
        workspace = copied_workspace(given, Path(place) / "copy")
        items = items_of(workspace, gone_on_from(workspace))
        for stage in (snapshot, curate, augment):
            stage.main()
        before = fmean(row.f1 for row in items[0]), fmean(row.f1 for row in items[1])
        sys.stdout.write("\n".join(header(before, (len(items[0]), len(items[1])))) + "\n")
        for name, settings in SETTINGS.items():
            sys.stdout.write(line(candidate_of(workspace, name, settings, items), before) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
