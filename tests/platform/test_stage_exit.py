"""A stage that can't go on ends in one sentence, whoever raised what stopped it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.errors import BadInput
from errata.stage_exit import FAULTS, stage_exit


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


def full_database() -> sa.exc.OperationalError:
    """As SQLite says it through SQLAlchemy."""
    with sa.create_engine("sqlite://").connect() as connection:
        connection.execute(sa.text("PRAGMA max_page_count = 2"))
        with pytest.raises(sa.exc.OperationalError) as full:
            connection.execute(sa.text("CREATE TABLE t AS SELECT randomblob(100000) AS x"))
    return full.value


@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (BadInput("params.yaml: train.rank is 0; mend it"), 2, "errata: params.yaml: train.rank is 0; mend it"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 5, "no space is left at /x; make room"),
        (
            RuntimeError('Os { code: 28, message: "No space left on device" }'),
            5,
            "no space is left; make room",
        ),
        (
            RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 946304 vs 946196"),
            5,
            "no space is left; make room",
        ),
        (full_database(), 5, "no space is left; make room"),
        (OutOfMemoryError("CUDA out of memory.\nTried"), 5, "needs more memory than there is (CUDA out of memory.)"),
        (MemoryError(), 5, "needs more memory than there is"),
        (
            KeyError("lm_head"),
            1,
            "for a reason that Errata doesn't know (KeyError: 'lm_head'); its traceback is in",
        ),
        (RuntimeError("a\nb"), 1, "(RuntimeError: a)"),
    ],
)
def test_every_end_is_one_sentence(
    problem: Exception,
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end, stage_exit():
        raise problem
    said = capfd.readouterr().err
    assert end.value.code == code
    assert says in said and said.startswith("errata: ") and said.count("\n") == 1
    assert FAULTS.exists() == (code == 1)


def test_what_nobody_foresaw_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for attempt in ("first", "second"):
        with pytest.raises(SystemExit), stage_exit():
            raise ZeroDivisionError(f"the {attempt} time")
    log = FAULTS.read_text()
    assert log.count("Traceback (most recent call last)") == 2
    assert "ZeroDivisionError: the first time" in log and "test_stage_exit.py" in log


def test_a_log_that_can_t_be_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    FAULTS.parent.touch()
    with pytest.raises(SystemExit) as end, stage_exit():
        raise ZeroDivisionError("x")
    assert end.value.code == 1
    assert capfd.readouterr().err.endswith("(ZeroDivisionError: x)\n")
