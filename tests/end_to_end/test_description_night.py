"""A workspace whose models describe chunks: the same nights learn what happens in each, and gate by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errata.documents.document import read_document
from errata.documents.evaluation import Evaluation
from errata.documents.file_names import EVALUATION, ITEMS, MIXTURE, SCORES, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.scored_items import read_scored_items
from errata.loop.init import Day0Choice, init
from errata.operations.importing import import_transcripts
from errata.workspace import Workspace
from evaluation import harness
from retrain import augment, curate, mix, snapshot, train
from retrain.taught_rows import TaughtRows
from tests.command_line import in_this_process
from tests.made_up_descriptions import described_file, walk

CHANNELS = ("north", "south", "east")
PARAMS = {
    "targets: [server, device]": "targets: [server]",
    "preset: sequential": "preset: small",
    "least: 20": "least: 5",
    "method: lora": "method: full",
    "learning_rate: 3.0e-3": "learning_rate: 1.5e-3",
    "epochs: 4": "epochs: 100",
    "max_steps: 200": "max_steps: 500",
    "suspect_rows: 50": "suspect_rows: 2",
}


def describing(root: Path) -> Workspace:
    workspace = init(root, Day0Choice(template="description+60"))
    params = (root / "params.yaml").read_text()
    for before, after in PARAMS.items():
        assert before in params
        params = params.replace(before, after)
    (root / "params.yaml").write_text(params)
    return workspace


def bring_in(workspace: Workspace, day: str, count: int) -> int:
    """The newest `seq` after it."""
    walks = [walk(f"{day} {place}", channel=CHANNELS[place % 3]) for place in range(count)]
    path = described_file(workspace.root / f"{day}.jsonl", walks)
    assert import_transcripts(workspace.record, path, workspace.root / "rejects").new == count
    with workspace.record.read() as store:
        return store.watermark()


def check_scores(folder: Path, day0: float | None, candidate: float | None) -> None:
    """The candidate has learnt what a description looks like, and to listen."""
    assert day0 is not None and candidate is not None and candidate > day0 + 50
    fresh = [row for row in read_scored_items(folder) if row.name == "candidate" and row.part == "fresh"]
    said = [chapter for row in fresh for chapter in json.loads(row.prediction)]
    assert {chapter["start"] for chapter in said} == {1, 61, 121, 181, 241, 301}
    right = [chapter.title for row in fresh for chapter in walk(row.external_id)[1]]
    named = [chapter["title"].split()[-1] == words.split()[-1] for chapter, words in zip(said, right, strict=True)]
    assert sum(named) > 0.5 * len(named), "where they are: what a model that doesn't listen says is right of a quarter"


@pytest.mark.slow
def test_what_is_said_in_chunks_is_learnt_by_the_stages_of_a_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = describing(tmp_path / "ws")
    learnt, newest = bring_in(workspace, "monday", 40), bring_in(workspace, "tuesday", 6)
    with workspace.record.read() as store:
        day0 = store.aliases.model_of("day0") or ""
    Night("tuesday", learnt, newest, day0, day0, 0, "", 0, "c" * 16).write(workspace.root)
    monkeypatch.chdir(workspace.root)
    for stage in (snapshot, curate, augment, mix, train, harness):
        stage.main()
    assert len(TaughtRows(MIXTURE / TRAINING_ROWS)) >= 120, "six chunks a recording"
    found = read_document(Evaluation, SCORES / EVALUATION, "run the test again")
    check_scores(SCORES / ITEMS, found.means["day0"].f1, found.means["candidate"].f1)

    refused = in_this_process("predict", "-w", workspace.root, check=False)
    assert refused.returncode == 4 and "descriptions of chunks" in refused.stderr


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_whole_nights_over_chunks_are_gated_and_reported(tmp_path: Path) -> None:
    workspace = describing(tmp_path / "ws")
    nights = {}
    for day, count in (("monday", 40), ("tuesday", 9)):
        bring_in(workspace, day, count)
        nights[day] = json.loads(in_this_process("nightly", "--date", day, "-w", workspace.root, "--json").stdout)
    assert nights["monday"]["verdict"] == "bootstrap" and nights["monday"]["fresh_items"] >= 8
    second = nights["tuesday"]
    assert second["candidate"], second
    folder, means = workspace.nights / "tuesday", second["means"]
    check_scores(folder / ITEMS, means["day0"]["f1"], means["candidate"]["f1"])
    assert second["equal_split_f1"] is None and means["candidate"]["title_f1"] is None
    assert (folder / "report.html").exists()
