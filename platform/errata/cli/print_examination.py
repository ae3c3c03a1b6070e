"""What `errata doctor` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import say, say_styled, say_wrapped
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.loop.doctor import Examination

MARKS = {"ok": "✓", "absent": "–", "problem": "✗"}


def print_examination(examination: Examination) -> None:
    for title, checks in (
        ("this machine", examination.machine),
        ("what it can do", examination.abilities),
        ("the workspace", examination.workspace),
    ):
        if checks:
            say_styled(title, "bold")
        for check in checks:
            remedy = f" → {check.remedy}" if check.remedy else ""
            say_wrapped(f"{MARKS[check.state]} {check.name:<17} {check.detail}{remedy}", 20)
    count = examination.problems
    say(f"{counted(count, 'problem')}, marked ✗" if count else "nothing is wrong")
