"""What is for chapters alone, in a workspace whose models are asked for something else."""

from __future__ import annotations

from errata.errors import Refused
from errata.workspace import Workspace


def check_chapters_asked(workspace: Workspace, what: str) -> None:
    """Raises Refused where the workspace's models answer chats; `what` says in a few words what can't be done."""
    with workspace.record.read() as store:
        task = store.asked_task.name()
    if task != "chapters":
        raise Refused(
            "{} is for chapters, and the models of {} are asked for a {}'s next message: see `errata chat`",
            what,
            workspace.root,
            task,
        )
