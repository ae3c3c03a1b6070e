"""Every error a user can cause, each with the exit code and the HTTP status it means.

ErrataError
├── BadInput       a file, row or value that can't be used       exit 2, HTTP 422
├── NotFound       a workspace, model or transcript isn't there   exit 3, HTTP 404
├── Refused        the record or the gate says no                 exit 4, HTTP 409
├── Unavailable    something this machine lacks, or a busy lock   exit 5, HTTP 503
└── DoorClosed     the service lets somebody no further: `errata.service.door_errors`

The message is one sentence that names the offender and says what to do; `kind` is what all of its sort say. The command
line and the stages print it and exit with `exit_code`; anything that is not an `ErrataError` is a fault of ours and
keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from string import Formatter
from types import FrameType

from errata.telemetry import no_telemetry
from errata.terminal import fitted, silence_bars

NO_SPACE = ("No space left on device", "PytorchStreamWriter failed writing", "unexpected pos")
"""What libraries that write by themselves keep of the system's error: its words, or, as torch does, less."""
INTERRUPTED = 130
"""A shell's own exit code: 128 and the number of SIGINT."""


class ErrataError(Exception):
    """`names` fill the braces of the sentence: they are what differs from one such error to the next."""

    exit_code: int = 1
    http_status: int = 500

    def __init__(self, sentence: str, *names: object) -> None:
        super().__init__(sentence.format(*names) if names else sentence)
        self.kind = _kind(sentence, names) if names else sentence
        """The sentence with … for each name: many rows of a file go wrong in few ways."""
        self.names = tuple(chain.from_iterable(map(_names, names)))


def _names(name: object) -> tuple[str, ...]:
    return name.names if isinstance(name, ErrataError) else (str(name),)


def _kind(sentence: str, names: tuple[object, ...]) -> str:
    parts = []
    rest = iter(names)
    for words, field, _, conversion in Formatter().parse(sentence):
        parts.append(words)
        if field is not None:
            name = next(rest)
            unnamed = "'…'" if conversion == "r" else "…"
            parts.append(name.kind if isinstance(name, ErrataError) else unnamed)
    return "".join(parts)


class BadInput(ErrataError):
    exit_code = 2
    http_status = 422


class Forgotten(BadInput):
    """Text that was removed on request: nothing may write it down again, a rejects file neither."""


class NotFound(ErrataError):
    exit_code = 3
    http_status = 404


class Refused(ErrataError):
    exit_code = 4
    http_status = 409


class Unavailable(ErrataError):
    exit_code = 5
    http_status = 503


class RecordUnavailable(Unavailable):
    """The record or its texts can't be read or written here. The sentence is for whoever runs this machine and may have
    paths of its disk; a client of the service can only come back later."""


class DoorClosed(ErrataError):
    """What the service alone can say; HTTP has a status for each of its kinds."""

    exit_code = 4
    http_status = 403


def missing_extra(what: str, extra: str) -> Unavailable:
    """Of a package that an extra of ours brings: it is installed from the project's folder, as Errata itself is."""
    return Unavailable(f"{what}; in the project's folder run: .venv/bin/pip install -e '.[{extra}]'")


@contextmanager
def error_exit() -> Iterator[None]:
    """Around a process's main: an error that a user can cause ends it with one sentence on stderr and its exit code.

    What a service manager or a closed terminal sends ends it as Ctrl-C does. A log gets no bars of libraries, and their
    makers hear nothing.
    """
    no_telemetry()
    silence_bars()
    try:
        with _ends_like_an_interrupt():
            yield
    except ErrataError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        if "DVC_STAGE" not in os.environ:  # of a stage, the command that runs the pipeline says it, once
            _complain("interrupted; the same command goes on where it stopped")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read the output, as `head` does, has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what Python writes when it ends
        sys.exit(1)  # as typer does
    except PermissionError as error:
        place = error.filename or "a file"
        _complain(f"{place} may not be read or written by you; ask its owner, or change its mode")
        sys.exit(Unavailable.exit_code)
    except OSError as error:
        if error.errno == errno.EROFS:
            _complain(f"{error.filename or 'the disk'} can't be written: its disk is read-only")
            sys.exit(Unavailable.exit_code)
        # shutil.copytree gathers the errors of its files in one, which has their words and no number
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) and not any(words in str(error) for words in NO_SPACE):
            raise
        place = f" at {error.filename}" if error.filename else ""
        _complain(f"no space is left{place}; make room, and the same command goes on where it stopped")
        sys.exit(Unavailable.exit_code)


def _complain(sentence: str) -> None:
    sys.stderr.write(fitted(f"errata: {sentence}", sys.stderr) + "\n")


@contextmanager
def _ends_like_an_interrupt() -> Iterator[None]:
    """For the block, SIGTERM and SIGHUP are Ctrl-C: locks are given back, and the sentence is said."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets no other thread answer signals
        return
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if before[number] != signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
