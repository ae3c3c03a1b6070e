"""What to do next with a workspace, as one can paste it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from errata.cli.output import say, say_whole

if TYPE_CHECKING:
    from errata.operations.next_step import NextStep

COMMANDS: dict[NextStep, str] = {
    "import": "errata import transcripts FILE",
    "predict": "errata predict",
    "review": "errata tasks FILE",
    "night": "errata nightly",
    "approve": "errata approve",
}
REASONS: dict[NextStep, str] = {
    "import": "nothing waits; bring more transcripts in",
    "predict": "transcripts wait for a draft",
    "review": "drafts wait for reviewers",
    "night": "a night has work to do",
    "approve": "a promotion waits for people, who approve of it or --reject it",
}


def print_next_step(step: NextStep, folder: Path) -> None:
    """`folder` as its user calls it."""
    say(f"next        {REASONS[step]}:")
    say_whole(next_command(step, folder))


def next_command(step: NextStep, folder: Path) -> str:
    return f"{COMMANDS[step]} -w {shlex.quote(str(folder))}"
