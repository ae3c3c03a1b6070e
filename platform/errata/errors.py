"""Every error a user can cause, each with the exit code and the HTTP status it means.

ErrataError
├── BadInput       a file, row or value that can't be used       exit 2, HTTP 422
├── NotFound       a workspace, model or transcript isn't there   exit 3, HTTP 404
├── Refused        the record or the gate says no                 exit 4, HTTP 409
└── Unavailable    something this machine lacks, or a busy lock   exit 5, HTTP 503

The message is one sentence that names the offender and says what to do. The command line and the stages print it and
exit with `exit_code`; anything that is not an `ErrataError` is a fault of ours and keeps its traceback.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""A shell's own exit code: 128 and the number of SIGINT."""


class ErrataError(Exception):
    exit_code: int = 1
    http_status: int = 500


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


def missing_extra(what: str, extra: str) -> Unavailable:
    """Of a package that an extra of ours brings: it is installed from the project's folder, as Errata itself is."""
    return Unavailable(f"{what}; in the project's folder run: .venv/bin/pip install -e '.[{extra}]'")


@contextmanager
def error_exit() -> Iterator[None]:
    """Around a process's main: an error that a user can cause ends it with one sentence on stderr and its exit code."""
    try:
        yield
    except ErrataError as error:
        sys.stderr.write(f"errata: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("errata: interrupted; the same command goes on where it stopped\n")
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        place = f" at {error.filename}" if error.filename else ""
        sys.stderr.write(f"errata: no space is left{place}; make room, and the same command goes on where it stopped\n")
        sys.exit(Unavailable.exit_code)
