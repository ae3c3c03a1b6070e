"""What is said of the tasks that a reviewer's tool is given."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from errata.cli.output import say, say_whole
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.operations.review_tasks import TaskFile


def print_tasks(file: TaskFile, workspace: Path) -> None:
    """With what to do next; `workspace` as it was named."""
    place = shlex.quote(str(workspace))
    if file.file is None:
        say("Nothing waits for a reviewer, and no file is written. Talks that were imported wait once a model answers:")
        say_whole(f"errata predict -w {place}")
        return
    kinds = f"{file.blind} of them blind" + (f", {file.by_challenger} the challenger's" if file.by_challenger else "")
    say(f"{counted(file.tasks, 'task')} for {file.tool} {'is' if file.tasks == 1 else 'are'} in {file.file}, {kinds}.")
    if file.labelling_setup:
        say(f"For the project's labelling setup: {file.labelling_setup}")
    say("Bring the reviews back:")
    say_whole(f"errata import corrections FILE -w {place}")
