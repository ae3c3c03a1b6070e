"""The person at the terminal: help that is whole, a way out that is quiet, and nothing that a library mutters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import typer
from typer.core import TyperGroup

from errata import __version__
from errata.cli.app import app
from errata.errors import INTERRUPTED, error_exit
from errata.loop.pipeline_process import run_process
from tests.command_line import in_this_process


def commands(group: TyperGroup, *words: str) -> Iterator[tuple[str, ...]]:
    """Each command and each group of them, by the words that call it."""
    yield words
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *words, name)
        else:
            yield *words, name


def test_no_help_is_clipped_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    every = list(commands(cast(TyperGroup, typer.main.get_command(app))))
    assert ("import", "transcripts") in every
    for words in every:
        lines = in_this_process(*words, "--help").stdout.splitlines()
        assert max(map(len, lines)) <= 80
        said = [line for line in lines if not line.startswith(" Usage: ")]
        assert not [line for line in said if "..." in line or "…" in line], words


def test_every_command_stands_under_a_heading() -> None:
    text = in_this_process("--help").stdout
    assert "─ Commands ─" not in text
    assert [text.index(heading) for heading in ("Start here", "The record", "The loop", "Decisions", "Checks")]


def test_the_version_is_printed() -> None:
    assert in_this_process("--version").stdout == f"errata {__version__}\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_service_manager_ends_a_process_as_ctrl_c_does(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as end, error_exit():
        signal.raise_signal(number)
    assert end.value.code == INTERRUPTED
    assert capfd.readouterr().err == "errata: interrupted; the same command goes on where it stopped\n"
    assert signal.getsignal(number) == before


def test_an_interrupted_stage_leaves_the_sentence_to_the_command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train")
    with pytest.raises(SystemExit) as end, error_exit():
        raise KeyboardInterrupt
    assert end.value.code == INTERRUPTED and capfd.readouterr().err == ""


@pytest.mark.parametrize("words", [("--help",), ("init", "--help")])
def test_a_reader_who_has_enough_is_no_fault(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from errata.cli import main; main()", *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


STAGE = """
import os, pathlib, signal, time
# as DVC: deaf to an interruption, it waits for its stage
child = os.fork()
if child == 0:
    try:
        pathlib.Path("begun").touch()
        time.sleep(60)
    except KeyboardInterrupt:
        pathlib.Path("ended").touch()
        os._exit(130)
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.waitpid(child, 0)
pathlib.Path("tidied").touch()
"""


def test_an_interruption_reaches_the_pipeline_and_waits_until_it_has_tidied_up(tmp_path: Path) -> None:
    def interrupt_once_begun(number: int, frame: object) -> None:
        if (tmp_path / "begun").exists():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt_once_begun)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_process([sys.executable, "-c", STAGE], tmp_path, os.environ)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (tmp_path / "ended").exists() and (tmp_path / "tidied").exists()


def test_a_process_says_how_it_ended(tmp_path: Path) -> None:
    assert run_process([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, os.environ) == 3
