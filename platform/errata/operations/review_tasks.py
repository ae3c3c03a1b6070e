"""A model's answers out to a reviewer's tool; `errata import corrections` brings the reviews back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.formats import out_argilla, out_label_studio, out_reviews, sheet
from errata.formats.shown import Shown
from errata.operations.predicting import resolve
from errata.workspace import Workspace

TOOLS: dict[str, Callable[[Path, Iterable[Shown]], int]] = {
    "label-studio": out_label_studio.write,
    "argilla": out_argilla.write,
    "sheet": sheet.write,
    "jsonl": out_reviews.write,
}


def tasks(workspace: Workspace, out: Path, tool: str, model: str = "champion") -> dict[str, Any]:
    """Writes what `model` answered and nobody has reviewed yet. Raises BadInput for a tool that isn't known."""
    if tool not in TOOLS:
        raise BadInput(f"there is no tool {tool!r}; name one of {', '.join(TOOLS)}")
    config = out.with_suffix(".xml")
    if tool == "label-studio" and out == config:
        raise BadInput(f"{out} is where the labelling setup goes; call the tasks .json")
    identity = resolve(workspace, model)
    with workspace.record.read() as store:
        shown = [
            Shown(store.transcripts.read(prediction.transcript), prediction.chapters, key, identity)
            for key, prediction in store.predictions.unreviewed(identity)
        ]
    written = TOOLS[tool](out, shown)
    if tool == "label-studio":
        out_label_studio.write_label_config(config)
    return {"model": identity, "tool": tool, "tasks": written, "file": str(out)}
