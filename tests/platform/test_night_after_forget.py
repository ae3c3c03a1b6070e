"""A whole night after a deletion request trains and judges as any other, and the talk is in nothing that it makes."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
import yaml

from errata.database.fsck import fsck
from errata.demo import days
from errata.demo.material import Share
from errata.documents.file_names import SNAPSHOT
from errata.workspace import Workspace
from tests.command_line import in_a_process as errata
from tests.command_line import json_of
from tests.made_up_rows import read_snapshot
from tests.platform.test_forget import texts

TALKS = 14
as_json = json_of(errata)


def first_talks(folder: Path, out: Path) -> Path:
    """The first talks of a sample day."""
    out.mkdir(parents=True)
    for name in ("transcripts.json", "asrs.json"):
        kept = dict(islice(json.loads((folder / name).read_text()).items(), TALKS))
        (out / name).write_text(json.dumps(kept))
    return out


def live(root: Path, folder: Path, day: Share) -> list[str]:
    """A day of a team, up to its night; returns the talks that were corrected."""
    as_json("import", "transcripts", folder, "-w", root)
    as_json("predict", "-w", root)
    as_json("tasks", folder / "tasks.jsonl", "--for", "jsonl", "-w", root)
    days.write_reviews(folder / "reviews.jsonl", day, folder / "tasks.jsonl")
    as_json("import", "corrections", folder / "reviews.jsonl", "-w", root)
    return [json.loads(line)["video_id"] for line in (folder / "reviews.jsonl").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_next_night_goes_on_without_the_talk(tmp_path: Path) -> None:
    days.write(tmp_path / "samples")
    root = tmp_path / "workspace"
    errata("init", root)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["mix"]["least"], params["train"]["epochs"] = 4, 1
    (root / "params.yaml").write_text(yaml.safe_dump(params))

    corrected = live(root, first_talks(tmp_path / "samples" / "day-1", tmp_path / "day-1"), "day-1")
    assert as_json("nightly", "--date", "day-1", "-w", root)["verdict"] == "bootstrap"
    trained = {row.external_id for row in read_snapshot(root / SNAPSHOT)} & set(corrected)
    gone = sorted(trained)[0] if trained else corrected[0]
    live(root, first_talks(tmp_path / "samples" / "day-2", tmp_path / "day-2"), "day-2")
    told = as_json("forget", gone, "--by", "carol", "--why", "the speaker asked", "-w", root)
    assert told["finished"]

    night = as_json("nightly", "--date", "day-2", "-w", root)
    assert night["candidate"] and night["fresh_items"] > 0
    rows = {row.external_id for row in read_snapshot(root / SNAPSHOT)}
    assert rows and gone not in rows
    holding = [path for path in made_by(root) if any(gone.encode() in text for text in texts(path))]
    assert holding == []
    assert fsck(Workspace.find(root).record).problems == ()
    assert as_json("nightly", "--date", "day-3", "-w", root)["verdict"] == "skipped"


def made_by(root: Path) -> list[Path]:
    """Every file of the workspace, the models' weights aside."""
    return [
        path for path in root.rglob("*") if path.is_file() and path.suffix not in (".safetensors", ".onnx", ".data")
    ]
