"""What DVC's users see of a night: its numbers, and two plots."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from errata.documents.comparison import NOTHING
from errata.documents.evaluation import ContenderScores, Evaluation
from errata.documents.file_names import DAY_N, LOSS, METRICS
from errata.documents.metric_values import ModelMean
from errata.documents.outcome import Outcome
from errata.documents.stage_reports import TrainingLog
from errata.files import write_json
from errata.loop.day_n import day_n_curve
from errata.project_files import project_file
from evaluation.dvc_metrics import dvc_metrics
from retrain.train import _write_log

PIPELINE = yaml.safe_load(project_file("dvc.yaml").read_text())
FIRST = Outcome(
    night="2026-03-01",
    verdict="bootstrap",
    equal_split_f1=26.414,
    means={"day0": ModelMean(f1=68.844, n=8), "champion": ModelMean(f1=68.844, n=8)},
)
SKIPPED = Outcome(night="2026-03-02", verdict="skipped")
SECOND = Outcome(
    night="2026-03-03",
    verdict="reject",
    equal_split_f1=20.0,
    means={name: ModelMean(f1=54.6, n=8) for name in ("day0", "champion", "candidate", "challenger")},
)


def scores(effect: float) -> ContenderScores:
    primary = replace(NOTHING, effect=effect)
    return ContenderScores(
        name="candidate", model="c" * 64, watermark=1, primary=primary, against_day0=NOTHING, guardrails={}
    )


def test_the_metrics_are_the_main_numbers_alone() -> None:
    evaluation = Evaluation(
        night="n",
        fresh_items=8,
        equal_split_f1=19.666,
        means={"day0": ModelMean(f1=60.321, n=8), "champion": ModelMean(f1=61.0, n=8), "candidate": ModelMean()},
        contenders=(scores(-0.001),),
    )
    metrics = dvc_metrics(evaluation)
    assert metrics == {
        "f1": {"day0": 60.32, "champion": 61.0, "equal_chapters": 19.67},
        "gain": {"candidate": 0.0},
        "fresh_items": 8,
    }
    assert "-0.0" not in json.dumps(metrics)


def test_the_curve_has_a_point_a_night_that_scored_and_null_where_nobody_stood() -> None:
    first, second = day_n_curve([FIRST, SKIPPED, SECOND])
    assert (first["number"], first["night"], second["number"]) == (1, "2026-03-01", 2)
    assert first["day0"] == 68.84 and first["equal_chapters"] == 26.41
    assert first["candidate"] is None and second["candidate"] == 54.6
    assert first.keys() == second.keys(), "DVC draws nothing of points that differ in their names"
    assert day_n_curve([SKIPPED]) == []


def test_the_loss_is_a_line_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _write_log(TrainingLog(2, (3.5, 0.25)))
    assert Path(LOSS).read_text() == "step,loss\n1,3.5\n2,0.25\n"
    _write_log(TrainingLog())
    assert Path(LOSS).read_text() == "step,loss\n"


def test_the_plots_are_of_files_that_are_written_and_of_names_that_dvc_can_draw() -> None:
    outputs = [output for stage in PIPELINE["stages"].values() for output in stage["outs"]]
    made = {name for output in outputs if isinstance(output, dict) for name in output}
    drawn = [(name, plot) for plots in PIPELINE["plots"] for name, plot in plots.items()]
    files = {file for _, plot in drawn for file in plot["y"]}
    assert files == {LOSS, DAY_N} and LOSS in made
    assert all(re.fullmatch(r"[\w ]+", name) for name, _ in drawn), "it makes a page's ids of them"
    columns = next(plot["y"][DAY_N] for _, plot in drawn if DAY_N in plot["y"])
    assert set(columns) < day_n_curve([SECOND])[0].keys()


@pytest.mark.slow
def test_dvc_shows_them(laid_out: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(laid_out, tmp_path / "Träger eins"))
    write_json(root / METRICS, {"f1": {"champion": 61.0}, "fresh_items": 8})
    write_json(root / DAY_N, day_n_curve([FIRST, SECOND]))
    (root / LOSS).write_text("step,loss\n1,3.5\n2,0.25\n")

    def dvc(*words: str) -> str:
        command = [sys.executable, "-m", "dvc", *words]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout

    assert "f1.champion" in dvc("metrics", "show") and "61.0" in dvc("metrics", "show")
    dvc("plots", "show")
    page = (root / "dvc_plots" / "index.html").read_text()
    assert page.count("<div id") == 2 and '"loss": "3.5"' in page and "equal_chapters" in page
