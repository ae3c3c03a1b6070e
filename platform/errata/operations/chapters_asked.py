"""What is for chapters alone, in a workspace whose models are asked for something else."""

from __future__ import annotations

from errata.domain.task_name import TaskName
from errata.errors import Refused
from errata.workspace import Workspace

_ASKED: dict[TaskName, str] = {
    "chat": "a chat's next message: see `errata chat`",
    "description": "descriptions of chunks, which nights alone learn and score",
}


def check_chapters_asked(workspace: Workspace, what: str) -> None:
    """Raises Refused where the workspace's models are asked for something else; `what` says in a few words what can't
    be done."""
    with workspace.record.read() as store:
        task = store.asked_task.name()
    if task != "chapters":
        raise Refused(
            "{} is for chapters, and the models of {} are asked for {}",
            what,
            workspace.root,
            _ASKED[task],
        )
