"""`errata sweep --score`: chunks of several lengths are learnt and scored, and nothing that could ship is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errata.documents.file_names import SWEEP_RUNS
from tests.command_line import in_this_process
from tests.end_to_end.test_description_night import bring_in, describing


@pytest.mark.slow
def test_chunks_of_two_lengths_are_learnt_and_scored_on_dev(tmp_path: Path) -> None:
    workspace = describing(tmp_path / "ws")
    bring_in(workspace, "monday", 40)
    asked = ("sweep", "-w", workspace.root, "--score", "--steps", "120", "--rate", "1", "--budget", "1000")
    before = sorted(workspace.models.iterdir())
    page = tmp_path / "sweep.html"
    cells = ("--seconds", "60", "--seconds", "120", "--seconds", "1200")
    found = json.loads(in_this_process(*asked, *cells, "--out", page, "--json").stdout)
    short, long = found["scored"]
    assert (short["seconds"], long["seconds"]) == (60, 120), "20 minutes at a frame a second are over the budget"
    assert short["examples"] == 2 * long["examples"] > 100 and short["talks"] == long["talks"] > 0
    assert short["talk_f1"] > 40 and short["cpu_seconds"] > 0, "it has learnt how one says where they are"
    assert "What <code>day0</code> learns of them in 120 steps" in page.read_text()

    assert sorted(workspace.models.iterdir()) == before, "nothing that could be promoted"
    kept = sorted((workspace.root / SWEEP_RUNS).iterdir())
    assert [path.suffix for path in kept] == [".json", ".json"]
    (workspace.root / SWEEP_RUNS / kept[0].name).unlink()
    kept[1].write_text(kept[1].read_text().replace('"steps": 120', '"steps": 121'))
    again = json.loads(in_this_process(*asked, *cells, "--json").stdout)["scored"]
    assert sorted(run["steps"] for run in again) == [120, 121], "one was made again, and one read"
    assert [run["f1"] for run in again] == [short["f1"], long["f1"]]

    for options, complaint in (
        (("--seconds", "90"), "90 s are no multiple of 60 s"),
        (("--seconds", "60", "--rate", "2"), "sees nothing, so that no rate would make a difference"),
    ):
        refused = in_this_process(*asked, *options, check=False)
        assert refused.returncode == 2 and complaint in refused.stderr
