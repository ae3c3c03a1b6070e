"""A model's answers out to a reviewer's tool; `errata import corrections` brings the reviews back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from errata.errors import BadInput
from errata.formats import out_argilla, out_label_studio, out_reviews, sheet
from errata.formats.review_task import ReviewTask
from errata.operations.model_names import resolve_model
from errata.workspace import Workspace

TOOLS: dict[str, Callable[[Path, Iterable[ReviewTask]], int]] = {
    "label-studio": out_label_studio.write,
    "argilla": out_argilla.write,
    "sheet": sheet.write,
    "jsonl": out_reviews.write,
}


@dataclass(frozen=True, slots=True)
class TaskFile:
    model: str
    """Whose answers they are."""
    tool: str
    tasks: int
    file: Path


def write_tasks(workspace: Workspace, out: Path, tool: str, model: str = "champion") -> TaskFile:
    """Writes what `model` answered and nobody has reviewed yet. Raises BadInput for a tool that isn't known."""
    if tool not in TOOLS:
        raise BadInput(f"there is no tool {tool!r}; name one of {', '.join(TOOLS)}")
    config = out.with_suffix(".xml")
    if tool == "label-studio" and out == config:
        raise BadInput(f"{out} is where the labelling setup goes; call the tasks .json")
    identity = resolve_model(workspace, model)
    with workspace.record.read() as store:
        answers = [
            ReviewTask(store.transcripts.read(prediction.transcript), prediction.chapters, key, identity)
            for key, prediction in store.predictions.awaiting_review(identity)
        ]
    tasks = TOOLS[tool](out, answers)
    if tool == "label-studio":
        out_label_studio.write_label_config(config)
    return TaskFile(identity, tool, tasks, out)
