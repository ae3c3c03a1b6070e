"""What is wrong with DVC's own files is said with its remedy, or mended where a crash did it."""

from __future__ import annotations

import shutil
import sys
from collections import namedtuple
from pathlib import Path
from shlex import quote

import pytest
import yaml

from errata.errors import BadInput, NotFound, Unavailable
from errata.loop import stages
from errata.loop.pipeline import check_pipeline, is_whole_lock
from errata.loop.stages import run_stages
from errata.project_files import project_file

OWN = yaml.safe_load(project_file("dvc.yaml").read_text())
LOCK = """\
schema: '2.0'
stages:
  snapshot:
    cmd: python -m retrain.snapshot
    outs:
    - path: data/snapshot
      hash: md5
      md5: 3a1f0b1c2d3e4f5061728394a5b6c7d8.dir
      size: 12
"""


def pipeline(root: Path, value: object) -> Path:
    (root / "dvc.yaml").write_text(value if isinstance(value, str) else yaml.safe_dump(value))
    return root


def test_the_project_s_own_pipeline_makes_what_a_night_needs(tmp_path: Path) -> None:
    check_pipeline(pipeline(tmp_path, OWN))


@pytest.mark.parametrize(("stage", "makes"), [("evaluate", "scores, exports, parity"), ("curate", "data/curated")])
def test_a_missing_stage_is_named_by_what_it_makes(tmp_path: Path, stage: str, makes: str) -> None:
    others = {name: value for name, value in OWN["stages"].items() if name != stage}
    with pytest.raises(BadInput, match=f"has no stage that makes {makes}; copy the project's own over it: cp "):
        check_pipeline(pipeline(tmp_path, {"stages": others}))


@pytest.mark.parametrize("broken", ["", "stages: [", "stages: [a, b]", "stages:\n", "3", "stages: {a: b}"])
def test_a_pipeline_that_is_none_is_one_sentence(tmp_path: Path, broken: str) -> None:
    with pytest.raises(BadInput, match=r"dvc\.yaml .*copy the project's own over it") as refusal:
        check_pipeline(pipeline(tmp_path, broken))
    assert "\n" not in str(refusal.value)


def test_no_pipeline_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"copy the project's own"):
        check_pipeline(tmp_path)


def test_stages_may_be_cut_otherwise(tmp_path: Path) -> None:
    each = {"foreach": ["a"], "do": {"cmd": "x", "outs": [name for s in OWN["stages"].values() for name in s["outs"]]}}
    check_pipeline(pipeline(tmp_path, {"stages": {"all": each}}))


def test_a_lock_that_was_cut_anywhere_is_whole_or_found_out(tmp_path: Path) -> None:
    path = tmp_path / "dvc.lock"
    assert is_whole_lock(path)
    path.write_text(LOCK)
    assert is_whole_lock(path)
    for cut in ("", LOCK[:40], LOCK[:75], "<<<<<<< HEAD\n" + LOCK, "\0\0\0"):
        path.write_text(cut)
        assert not is_whole_lock(path), cut


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Path:
    """With a pipeline of one quick stage that makes everything."""
    root = Path(shutil.copytree(laid_out, tmp_path / "Träger eins"))
    made = [name for stage in OWN["stages"].values() for out in stage["outs"] for name in stages_of(out)]
    (root / "make.py").write_text(
        f"import pathlib\nfor name in {made!r}: pathlib.Path(name).mkdir(parents=True, exist_ok=True)\n"
    )
    return pipeline(
        root, {"stages": {"all": {"cmd": f"{quote(sys.executable)} make.py", "deps": ["make.py"], "outs": made}}}
    )


def stages_of(output: object) -> list[str]:
    return list(output) if isinstance(output, dict) else [str(output)]


@pytest.mark.slow
def test_a_lock_that_was_cut_short_is_made_anew(workspace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_stages(workspace)
    whole = (workspace / "dvc.lock").read_text()
    (workspace / "dvc.lock").write_text(whole[: whole.index("md5")])
    run_stages(workspace)
    assert (workspace / "dvc.lock").read_text() == whole
    assert "was cut short and is made anew" in capfd.readouterr().err


@pytest.mark.slow
def test_a_stage_that_fails_is_not_taken_for_a_damaged_lock(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (workspace / "make.py").write_text("import sys; sys.exit('errata: it is broken')")
    with pytest.raises(Unavailable, match="for the reason above; mend it and run the same command again"):
        run_stages(workspace)
    said = capfd.readouterr().err
    assert "errata: it is broken" in said and "made anew" not in said
    monkeypatch.setattr(stages.shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(1_000))
    with pytest.raises(Unavailable, match="no space is left; make room"):
        run_stages(workspace)


@pytest.mark.slow
def test_the_shell_of_a_service_that_lets_nobody_in_runs_no_stage(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/usr/sbin/nologin")
    run_stages(workspace)
    assert (workspace / "scores").is_dir()
