"""Continue or retrain, and how far from the champion? A night's candidate is made again from the champion and from
base, and each is drawn towards the champion by several parts.

    python -m benchmarks.candidates [WORKSPACE]

Of a workspace whose newest night scored a candidate and whose stages' folders still are that night's; the sample loop,
which is turned first, where none is given. It is worked on in a copy. Prints a table in Markdown: F1 on dev, by which a
night chooses (`train.interpolate`, `--candidate both`), and what that is worth: F1 on the night's fresh items, with the
difference to what goes on from the champion and stays as it was trained, and on those of earlier nights.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from benchmarks.replay import gone_on_from, items_of
from benchmarks.workspaces import copied_workspace, set_params
from errata.documents.comparison import Comparison
from errata.documents.file_names import CANDIDATE
from errata.documents.night import CandidateStart, Night
from errata.documents.scored_items import ScoredItemRow
from errata.inference.artefact import model_folder, seal, verify
from errata.inference.model import FolderModel
from errata.workspace import Workspace
from evaluation.seed_spread import f1_of_rows
from evaluation.statistics.paired import compare
from retrain import augment, curate, mix, snapshot, train
from retrain.dev_choice import DevSet, dev_items, seen_by
from retrain.interpolation import interpolate

STARTS: dict[CandidateStart, str] = {"champion": "the champion", "base": "base"}
PARTS = (1.0, 0.75, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class Way:
    start: str
    part: float
    """Of the way from the champion to what was trained."""
    energy: float | None
    """That the adapter's rank keeps; None where nothing was cut."""
    dev: list[float]
    """F1 of each item of dev,"""
    fresh: list[float]
    """of the night's fresh ones,"""
    earlier: list[float]
    """and of those of the nights before."""


def ways_from(
    workspace: Workspace, start: CandidateStart, items: Sequence[list[ScoredItemRow]], room: Path
) -> Iterator[Way]:
    """By the stages themselves, in the workspace, which is this process's folder."""
    night = replace(Night.read(workspace.root), start=start, starts=())
    night.write(workspace.root)
    for stage in (curate, augment, mix, train):
        stage.main()
    champion = model_folder(night.champion, workspace.models)
    dev = DevSet(dev_items(workspace.record, night.training_watermark, seen_by(CANDIDATE, champion)), workspace.models)
    for part in PARTS:
        folder, energy = CANDIDATE, None
        if part < 1:
            folder = room / f"{start}-{part}"
            energy = interpolate(CANDIDATE, champion, part, folder, workspace.models)
            seal(folder)
        model = FolderModel(verify(folder), folder, workspace.models)
        fresh, earlier = (f1_of_rows(workspace.record, model, rows) for rows in items)
        yield Way(STARTS[start], part, energy, dev.item_f1(folder), fresh, earlier)


def header(counts: Sequence[int], before: Sequence[float]) -> list[str]:
    dev, fresh, earlier = counts
    items = (
        f"F1, {dev} items of dev | {fresh} fresh items | against the first, 90 % interval | {earlier} of earlier nights"
    )
    return [
        f"| from | part of the way | {items} | energy kept |",
        "|---|---|---|---|---|---|---|",
        f"| (the champion itself) | 0 | – | {before[0]:.1f} | – | {before[1]:.1f} | – |",
    ]


def line(way: Way, against: Comparison | None) -> str:
    kept = "–" if way.energy is None else f"{way.energy:.1%}"
    gain = "–" if against is None else f"{against.effect:+.1f} [{against.low:+.1f}, {against.high:+.1f}]"
    dev = f"{fmean(way.dev):.1f}" if way.dev else "–"
    f1 = f"{fmean(way.fresh):.1f} | {gain} | {fmean(way.earlier):.1f}"
    return f"| {way.start} | {way.part:g} | {dev} | {f1} | {kept} |"


def table(workspace: Workspace, items: Sequence[list[ScoredItemRow]], room: Path) -> Iterator[str]:
    first: Way | None = None
    clusters = [row.cluster for row in items[0]]
    for start in STARTS:
        for way in ways_from(workspace, start, items, room):
            if first is None:
                before = [fmean(row.f1 for row in rows) for rows in items]
                yield from header([len(way.dev), *map(len, items)], before)
                yield line(first := way, None)
            else:
                yield line(way, compare(way.fresh, first.fresh, clusters, workspace.params().evaluate.seed))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.candidates", description=__doc__)
    parser.add_argument("workspace", type=Path, nargs="?", help="the sample's, turned first, where none is given")
    given: Path | None = parser.parse_args().workspace
    with tempfile.TemporaryDirectory() as place:
        workspace = copied_workspace(given, Path(place) / "copy")
        set_params(workspace.root, {"train": {"interpolate": [1.0]}})
        items = items_of(workspace, gone_on_from(workspace))
        snapshot.main()
        for text in table(workspace, items, Path(place)):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
