"""What a killed night leaves: a process that works on, and the dead, whose numbers DVC's lock files still hold."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psutil
import pytest
import yaml

from errata.database.record import Record
from errata.errors import Unavailable
from errata.inference.artefact import unfinished
from errata.loop import lease, leftovers
from errata.loop.leftovers import LOCKS, ROOT, clear_git_locks, clear_leftovers

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace as far as DVC's lock files go, in a folder as people name them."""
    monkeypatch.setattr(leftovers, "_POLL", 0.01)
    place = tmp_path / "Träger eins" / "ws"
    (place / ".dvc" / "tmp").mkdir(parents=True)
    return place


@contextmanager
def process(root: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """One that works for `root`, as DVC starts it; ended and reaped at last."""
    child = subprocess.Popen(command, cwd=root, env={**os.environ, ROOT: str(root)})
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def lock(root: Path, pid: int) -> None:
    """As a killed DVC leaves its lock files."""
    info = {"pid": pid, "cmd": "dvc repro"}
    held = {"write": {str(root / "data" / "snapshot"): info}, "read": {str(root / "candidate"): [info]}}
    (root / ".dvc" / "tmp" / "rwlock").write_text(json.dumps(held))
    (root / ".dvc" / "tmp" / "lock").write_text(f" {pid}\n")


def locks(root: Path) -> set[str]:
    return {path.name for path in (root / ".dvc" / "tmp").iterdir()} & set(LOCKS)


def test_the_dead_whom_nobody_has_reaped_hold_nothing(root: Path) -> None:
    with ended(killed=True) as child:
        lock(root, child.pid)
        assert psutil.pid_exists(child.pid), "which is what DVC asks"
        clear_leftovers(root)
        assert locks(root) == set()


@pytest.mark.parametrize("number_of", [os.getpid, os.getppid, lambda: 1], ids=["own", "parent", "first"])
def test_a_number_that_another_process_has_by_now_holds_nothing(root: Path, number_of: Callable[[], int]) -> None:
    lock(root, number_of())
    clear_leftovers(root)
    assert locks(root) == set()


@pytest.mark.parametrize("cut", ["", "{", '{"write": 3}', "[]"])
def test_a_lock_file_that_was_cut_short_is_cleared(root: Path, cut: str) -> None:
    (root / ".dvc" / "tmp" / "rwlock").write_text(cut)
    clear_leftovers(root)
    assert locks(root) == set()


def test_a_stage_that_works_on_is_named_and_waited_for(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # a shell that ends at once leaves its child to whoever reaps orphans, if anybody does
    done, pid = root / "done", root / "pid"
    work = f"import time, pathlib; time.sleep(0.4); pathlib.Path({str(done)!r}).touch()"
    with process(root, "sh", "-c", f'"{sys.executable}" -c "$0" & echo $! > pid', work) as shell:
        shell.wait()
        lock(root, int(pid.read_text()))
        clear_leftovers(root)
    assert done.exists(), "it came to its end"
    assert locks(root) == set()
    said = capfd.readouterr().err
    assert "still works here" in said and f"kill {pid.read_text().strip()}" in said
    assert said.count("\n") == 1, "once, however long it takes"


def test_dvc_by_hand_is_waited_for_too(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A user's own `dvc repro` has no mark of a night's."""
    program = tmp_path / "dvc"
    program.write_text("import time, pathlib; time.sleep(0.4); pathlib.Path('done').touch()")
    plain = {name: value for name, value in os.environ.items() if name != ROOT}
    child = subprocess.Popen([sys.executable, str(program)], cwd=root, env=plain)
    try:
        clear_leftovers(root)
        assert (root / "done").exists() and f"kill {child.pid}" in capfd.readouterr().err
    finally:
        child.kill()
        child.wait()


def test_git_s_lock_is_cleared_unless_somebody_s_git_holds_it(root: Path) -> None:
    held = root / ".git" / "index.lock"
    held.parent.mkdir()
    held.touch()
    subprocess.run(["git", "init", "--quiet", "."], cwd=root, check=True)
    plain = {name: value for name, value in os.environ.items() if name != ROOT}
    waiting = subprocess.Popen(["git", "cat-file", "--batch"], cwd=root, env=plain, stdin=subprocess.PIPE)
    try:
        clear_leftovers(root)
        assert held.exists()
    finally:
        waiting.kill()
        waiting.wait()
    clear_leftovers(root)
    assert not held.exists()


def test_what_the_dead_had_half_written_goes_and_what_the_living_write_stays(root: Path) -> None:
    night, theirs = root / "nights" / "n1", root / "a.report.tmp"
    night.mkdir(parents=True)
    with ended(killed=True) as dead:
        halves = [root / f"night.yaml.{dead.pid}.tmp", night / f"evaluation.json.{dead.pid}.tmp"]
        written = [night / "evaluation.json", night / f"report.html.{os.getpid()}.tmp", theirs]
        for path in (*halves, *written):
            path.touch()
        clear_leftovers(root)
        assert [path.exists() for path in (*halves, *written)] == [False, False, True, True, True]


def test_a_model_that_the_dead_had_half_made_goes_and_one_that_is_being_made_stays(root: Path) -> None:
    models = root / "models"
    models.mkdir()
    with ended(killed=True) as dead, unfinished(models) as mine:
        theirs = models / Path(mine).name.replace(f".{os.getpid()}.", f".{dead.pid}.")
        theirs.mkdir()
        (theirs / "model.safetensors").write_bytes(b"half")
        (models / "60a4580f9fd6cf86").mkdir()
        clear_leftovers(root)
        assert {path.name for path in models.iterdir()} == {Path(mine).name, "60a4580f9fd6cf86"}


@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock", "refs/heads/main.lock"])
def test_git_that_was_killed_in_a_commit_keeps_nobody_from_the_next_one(root: Path, name: str) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main", "."], cwd=root, check=True)
    lock = root / ".git" / name
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    commit = [*git, "commit", "--quiet", "--allow-empty", "-m", "night"]
    assert subprocess.run(commit, cwd=root, check=False, capture_output=True).returncode, "git takes it for another's"
    clear_git_locks(root)
    subprocess.run(commit, cwd=root, check=True)


@pytest.mark.parametrize(
    ("command", "is_dvc"),
    [
        (["/bin/python", "-m", "dvc", "repro"], True),
        (["/bin/python3", "/home/ann/.venv/bin/dvc", "gc"], True),
        (["dvc", "push"], True),
        (["/bin/python", "/bin/errata", "nightly", "-w", "/home/dvc"], False),
        (["vim", "dvc.yaml"], False),
        ([], False),
    ],
)
def test_who_is_dvc(command: list[str], is_dvc: bool) -> None:
    assert leftovers._is_dvc(command) is is_dvc


@pytest.mark.parametrize("program", ["stage", "dvc"])
def test_another_workspace_s_work_is_its_own(
    program: str, root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / program).write_text(SLEEP)
    with process(other, sys.executable, str(other / program)) as work:
        clear_leftovers(root)
        assert work.poll() is None, "it was not waited for"
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_dvc_goes_on_after_a_kill_that_nobody_reaped(laid_out: Path, tmp_path: Path) -> None:
    """What DVC itself refuses, with the number of a zombie in its lock file, works once that is cleared."""
    root = Path(shutil.copytree(laid_out, tmp_path / "workspace"))
    command = f"{shlex.quote(sys.executable)} -c 'import time; time.sleep(60)'"
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"one": {"cmd": command, "outs": ["data"]}}}))
    repro = [sys.executable, "-m", "dvc", "repro"]
    child = subprocess.Popen(repro, cwd=root, stdout=subprocess.DEVNULL)
    stages: list[psutil.Process] = []
    while not any("time.sleep" in " ".join(stage.cmdline()) for stage in stages):  # only then is the lock written whole
        time.sleep(0.05)
        stages = psutil.Process(child.pid).children(recursive=True)
    child.kill()
    for stage in stages:
        stage.kill()
    (root / "dvc.yaml").write_text("stages:\n  one:\n    cmd: mkdir data\n    outs: [data]\n")
    try:
        refused = subprocess.run(repro, cwd=root, capture_output=True, text=True, check=False)
        assert refused.returncode and "is busy" in refused.stderr
        clear_leftovers(root)
        assert subprocess.run(repro, cwd=root, capture_output=True, check=False).returncode == 0
    finally:
        child.wait()


@pytest.mark.parametrize("killed", [True, False])
def test_a_holder_of_the_lease_whom_nobody_has_reaped_is_dead(record: Record, killed: bool) -> None:
    with ended(killed) as child:
        owner = f"{socket.gethostname()}:{child.pid}@{psutil.Process(child.pid).create_time():.0f}"
        with record.write() as store:
            store.lease.take(lease.NAME, owner, 100)
        said = f"^process {child.pid} on {socket.gethostname()} holds the loop, .*; wait for it"
        with nullcontext() if killed else pytest.raises(Unavailable, match=said), lease.loop_lease(record):
            assert killed


def test_a_holder_of_the_lease_whose_number_is_another_s_by_now_is_dead() -> None:
    parent = psutil.Process(os.getppid())
    for start, dead in (("@100", True), (f"@{parent.create_time():.0f}", False), ("", False)):
        assert lease._is_dead(f"{socket.gethostname()}:{parent.pid}{start}") is dead
    assert lease._is_dead(f"{socket.gethostname()}:{os.getpid()}"), "as an older version wrote it"
    assert not lease._is_dead(f"elsewhere:{parent.pid}@100")


@contextmanager
def ended(killed: bool) -> Iterator[subprocess.Popen[bytes]]:
    """A process that sleeps, or one that was killed and is not reaped."""
    child = subprocess.Popen([sys.executable, "-c", SLEEP])
    try:
        if killed:
            child.kill()
            while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
        yield child
    finally:
        child.kill()
        child.wait()
