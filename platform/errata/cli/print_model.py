"""What `errata init` saw of a model, and chose for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import say_wrapped
from errata.documents.document import read_document
from errata.documents.file_names import DAY0
from errata.documents.model_summary import ModelSummary
from errata.wording.model_sentences import model_lines

if TYPE_CHECKING:
    from errata.workspace import Workspace

_NAME = 12


def print_model(workspace: Workspace) -> None:
    """Nothing where the workspace has had its Day-0 from an Errata that kept no summary, or the embedded one."""
    path = workspace.root / DAY0
    if path.is_file():
        for name, sentence in model_lines(read_document(ModelSummary, path, "delete it")):
            say_wrapped(f"{name:<{_NAME}}{sentence}", _NAME)
