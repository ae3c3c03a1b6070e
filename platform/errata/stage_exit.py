"""How a stage's process ends that can't go on: in one sentence. What nobody foresaw keeps its traceback, in a file."""

from __future__ import annotations

import errno
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from errata.errors import NO_SPACE, ErrataError, Unavailable, error_exit

FAULTS = Path("work/faults.log")
"""In the workspace, which is where stages run."""


@contextmanager
def stage_exit() -> Iterator[None]:
    """Around a stage's main. Ends the process as `error_exit` does, and as shortly on an error that isn't ours."""
    with error_exit():
        try:
            yield
        except (ErrataError, OSError):
            raise
        except Exception as error:
            raise _shortage(error) or ErrataError(_sentence(error)) from error


def _shortage(error: Exception) -> ErrataError | None:
    """A machine that has too little of something, whichever library said so."""
    if any(_is_full_disk(cause) for cause in _causes(error)):
        return Unavailable("no space is left; make room, and the same command goes on where it stopped")
    # torch's is known by its name: importing torch for it would be an error's own cost
    if any(isinstance(cause, MemoryError) or type(cause).__name__ == "OutOfMemoryError" for cause in _causes(error)):
        return Unavailable(
            f"{_stage()} needs more memory than there is ({_first_line(error)}); take a smaller model or a shorter "
            "context, or on a GPU train.method qlora"
        )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return True
    return (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)) or any(
        words in str(error) for words in NO_SPACE
    )


def _sentence(error: Exception) -> str:
    return (
        f"{_stage()} failed for a reason that Errata doesn't know ({type(error).__name__}: {_first_line(error)})"
        f"{_keep_traceback(error)}"
    )


def _keep_traceback(error: Exception) -> str:
    """Appends it to the log; says where, or nothing where it can't be written."""
    try:
        FAULTS.parent.mkdir(parents=True, exist_ok=True)
        with FAULTS.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, {_stage()}\n")
            log.write("".join(traceback.format_exception(error)) + "\n")
    except OSError:
        return ""
    return f"; its traceback is in {FAULTS.absolute()}: send it to whoever looks after Errata"


def _stage() -> str:
    """As it was called: `retrain`, `retrain.mix`."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return str(spec.name).removesuffix(".__main__") if spec else "the stage"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "without a word"
