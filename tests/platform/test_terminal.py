"""The person at the terminal: help that is whole, a way out that is quiet, and nothing that a library mutters."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
import typer
from typer.core import TyperGroup

from errata import __version__
from errata.cli.app import Tool, app
from errata.cli.arguments import user_name
from errata.cli.output import print_table, say, say_whole
from errata.database.record import Record
from errata.errors import INTERRUPTED, BadInput, error_exit
from errata.inference.library_noise import silence_libraries
from errata.loop.pipeline_process import run_process
from errata.operations.review_tasks import TOOLS
from errata.progress import LogLines, count_rows, note, progress_bar
from errata.settings import FILE
from errata.wording.counts import counted
from tests.command_line import in_this_process
from tests.made_up_record import add, talk


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
        # several files are called FILE…, which is no clipping
        said = [line.replace("FILE… ", "") for line in lines if not line.startswith(" Usage: ")]
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


@contextmanager
def interrupted(begun: Path, again: float = 0) -> Iterator[None]:
    """As by Ctrl-C once `begun` is there, and every `again` seconds from then on, where that isn't 0."""

    def interrupt(number: int, frame: object) -> None:
        if begun.exists():
            signal.setitimer(signal.ITIMER_REAL, again, again)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interruption_reaches_the_pipeline_and_waits_until_it_has_tidied_up(tmp_path: Path) -> None:
    with interrupted(tmp_path / "begun"):
        run_process([sys.executable, "-c", STAGE], tmp_path, os.environ)
    assert (tmp_path / "ended").exists() and (tmp_path / "tidied").exists()


def test_a_process_says_how_it_ended(tmp_path: Path) -> None:
    assert run_process([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, os.environ) == 3


@pytest.fixture
def workspace(record: Record, tmp_path: Path) -> Path:
    (tmp_path / FILE).touch()
    for name in ("garden 1", "garden-2", "shed"):
        add(record, talk(name))
    with record.write() as store:
        store.nights.begin("n1", 0, 0)
        store.aliases.assign_alias("champion", "c" * 64, "day0", "test", night=None, evidence=None)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("show", "gar"), ["garden 1", "garden-2"]),
        (("report", "--night", ""), ["n1"]),
        (("predict", "--model", "ch"), ["champion"]),
        (("import", "transcripts", "--format", "webv"), ["webvtt"]),
        (("import", "corrections", "--format", "arg"), ["argilla"]),
        (("sho",), ["show"]),
    ],
)
def test_a_shell_completes_what_the_workspace_knows(
    words: tuple[str, ...], offered: list[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("_ERRATA_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", shlex.join(("errata", *words)).removesuffix(" ''") + " " * (not words[-1]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    assert in_this_process(check=False).stdout.splitlines() == offered


def test_where_there_is_no_workspace_nothing_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_ERRATA_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "errata show g")
    monkeypatch.setenv("COMP_CWORD", "2")
    done = in_this_process(check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_verdicts_have_colours_on_a_terminal_unless_somebody_wants_none(
    no_color: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    print_table("nights", ("night", "verdict"), [("n1", "promote"), ("n2", "reject *")])
    said = capsys.readouterr().out
    assert ("\x1b[32m promote" in said and "\x1b[31mreject *" in said) == coloured


def test_a_column_of_long_text_begins_at_its_left(capsys: pytest.CaptureFixture[str]) -> None:
    said = "Welcome to the garden talk, and to tomatoes. " * 4
    print_table("Snippets", ("from", "said", "written"), [("00:00:00", said.strip(), "hi"), ("00:00:10", "Yes.", "")])
    lines = capsys.readouterr().out.splitlines()
    (short,) = [line for line in lines if "Yes." in line]
    (first,) = [line for line in lines if "00:00:00" in line]
    assert short.index("Yes.") == first.index("Welcome")


def test_choices_are_those_that_there_are() -> None:
    assert set(Tool.__args__) == set(TOOLS)


def test_a_next_step_can_be_pasted_from_a_folder_with_a_blank(tmp_path: Path) -> None:
    place = tmp_path / "Träger eins"
    done = in_this_process("status", "-w", place, check=False)
    assert f"errata init '{place}'" in done.stderr


def test_libraries_mutter_nothing() -> None:
    silence_libraries()
    assert not logging.getLogger("bitsandbytes.backends.cpu.ops").isEnabledFor(logging.WARNING)


def test_a_second_interruption_does_not_wait_for_the_pipeline(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    deaf = (
        "import pathlib, signal, time; signal.signal(2, signal.SIG_IGN); pathlib.Path('begun').touch(); time.sleep(60)"
    )
    with interrupted(tmp_path / "begun", again=0.2):
        run_process([sys.executable, "-c", deaf], tmp_path, os.environ)
    assert "a second time ends it at once" in capfd.readouterr().err


def test_a_note_breaks_between_words_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    line = "a sentence that is longer than twenty columns"
    note(line)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    note(line)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == line and max(map(len, said[1:])) <= 20 and " ".join(said[1:]) == line


def test_a_table_is_whole_however_narrow_the_terminal_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    heads, cells = ("a long name of a talk", "reason"), ("leeward-and-windward-006", "underpowered, and waits")
    print_table("moves", heads, [cells])
    said = capsys.readouterr().out
    assert "…" not in said and max(map(len, said.splitlines())) <= 24
    assert Counter("".join(heads + cells).replace(" ", "")) <= Counter(said)


def test_somebody_whom_the_machine_has_no_name_for_may_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    def unnamed() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("errata.cli.arguments.getuser", unnamed)
    assert user_name() == f"user {os.getuid()}"


@pytest.mark.parametrize("words", [("import", "transcripts"), ("import", "corrections"), ("chapters",)])
def test_an_unset_variable_is_not_the_current_folder(words: tuple[str, ...], tmp_path: Path) -> None:
    done = in_this_process(*words, "", "-w", tmp_path, check=False)
    assert done.returncode == 2 and "an argument is empty, as a shell's variable is that isn't set" in done.stderr


def narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty columns wide."""
    monkeypatch.setenv("COLUMNS", "20")
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)


def test_complaints_and_results_break_between_words_and_a_path_stays_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow_terminal(monkeypatch)
    path = "'/somewhere/with a blank/talk one.vtt'"
    with pytest.raises(SystemExit), error_exit():
        raise BadInput(f"{path} can't be read; export it again")
    say(f"read {path} once more\n  and this too is longer than the terminal")
    said, complained = capsys.readouterr()
    assert complained.splitlines() == ["errata:", f"  {path}", "  can't be read;", "  export it again"]
    assert said.splitlines()[:3] == ["read", f"  {path}", "  once more"]
    assert said.splitlines()[3:] == ["  and this too is", "  longer than the", "  terminal"]


def test_a_command_to_paste_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    narrow_terminal(monkeypatch)
    command = "errata import corrections FILE -w '/somewhere/with a blank'"
    say_whole(command)
    assert capsys.readouterr().out == command + "\n"


@pytest.mark.parametrize("columns", ["80", "60"])
def test_a_table_cuts_no_cell_off(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    chapters = "0:00 A\n0:50 B" + "x" * 30
    cells = ("7", "a.long.address@somewhere.example.org", "edit", "2026-03-01 10:00:00+00:00", chapters)
    print_table("t", ("correction", "reviewer", "kind", "on", "chapters"), [cells])
    table = capsys.readouterr().out
    assert "…" not in table and max(map(len, table.splitlines())) <= int(columns)


def test_rows_are_counted_on_a_terminal_and_the_count_is_cleared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(count_rows(iter("abc"))) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")  # by which rich is told of a terminal
    assert list(count_rows(iter("abc"))) == ["a", "b", "c"]
    assert capsys.readouterr().err.endswith("\x1b[1A\x1b[2K"), "the cursor is back on a line that is empty"


def test_a_log_hears_of_long_work_now_and_then_and_of_quick_work_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, *(10.0 * done for done in range(1, 61)), 600.0])  # 60 things, ten seconds each
    lines = LogLines(lambda: next(times))
    for done in range(1, 61):
        lines.say(f"candidate: {done} of 60")
    lines.end("candidate: 60 of 60")
    assert capsys.readouterr().err.splitlines() == [
        "candidate: 6 of 60, after 1 min",
        "candidate: 12 of 60, after 2 min",
        "candidate: 24 of 60, after 4 min",
        "candidate: 48 of 60, after 8 min",
        "candidate: 60 of 60, after 10 min",
    ]
    with progress_bar("candidate", 2) as advance:
        advance()
        advance()
    assert capsys.readouterr().err == ""


def test_a_log_has_lines_where_a_terminal_has_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("errata.progress.FIRST_LINE", 0.0)
    with progress_bar("[candidate]", 2) as advance:
        advance()
    assert capsys.readouterr().err.splitlines() == ["[candidate]: 1 of 2, after 0 min"]
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar("[candidate]", 2) as advance:
        advance()
    drawn = capsys.readouterr().err
    assert "[candidate]" in drawn and "50%" in drawn and "after" not in drawn


def test_one_is_no_plural() -> None:
    counts = [counted(1, "task"), counted(0, "task"), counted(1_000, "access", "accesses")]
    assert counts == ["1 task", "0 tasks", "1,000 accesses"]


@pytest.mark.parametrize(("own", "drawn"), [({}, False), ({"TQDM_DISABLE": ""}, True)])
def test_no_library_draws_bars_into_a_log_unless_somebody_wants_them(own: dict[str, str], drawn: bool) -> None:
    script = (
        "from errata.errors import error_exit\n"
        "with error_exit():\n"
        "    from huggingface_hub.utils import are_progress_bars_disabled, tqdm as of_the_hub\n"
        "    from tqdm.auto import tqdm\n"
        "    list(tqdm(range(3), desc='Loading weights'))\n"
        "    list(of_the_hub(range(3)))\n"
        "    assert are_progress_bars_disabled(), 'which transformers asks'\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"} | own
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ("Loading weights: 100%" in done.stderr) == bool(done.stderr) == drawn
