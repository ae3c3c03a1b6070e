"""Runs a command with what others leave of the processor: `python idle_priority.py COMMAND…`.

It becomes the command, so that its process is the one that was started. Where memory runs short, it is the first to go.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

LOWEST = 19


def main(command: list[str]) -> None:
    os.nice(LOWEST)
    with suppress(AttributeError, OSError):  # Linux has an even lower one
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted: the command is the service's own


if __name__ == "__main__":
    main(sys.argv[1:])
