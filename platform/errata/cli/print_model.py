"""What `errata init` saw of a model and chose for it, and what `errata verify` found of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.cli.output import say, say_wrapped
from errata.documents.document import read_document
from errata.documents.file_names import DAY0
from errata.documents.model_summary import ModelSummary
from errata.progress import note
from errata.wording.counts import counted
from errata.wording.model_sentences import model_lines

if TYPE_CHECKING:
    from errata.operations.model_folder_check import CheckedFolder
    from errata.workspace import Workspace

_NAME = 12
_UNSIGNED = {
    "unsigned": "unsigned",
    "by a key that is not known": "signed, and no key is known to check it by: give the maker's errata.pub as --key",
}


def note_embedded_model() -> None:
    """Who answers where nobody was named."""
    note("errata-tiny answers, the embedded sample model of 1.2 million weights: expect little of it.")
    note("A better one: --model FOLDER, or -w WORKSPACE for its champion.")


def print_model(workspace: Workspace) -> None:
    """Nothing where the workspace has had its Day-0 from an Errata that kept no summary, or the embedded one."""
    path = workspace.root / DAY0
    if path.is_file():
        for name, sentence in model_lines(read_document(ModelSummary, path, "delete it")):
            say_wrapped(f"{name:<{_NAME}}{sentence}", _NAME)


def print_verified(checked: CheckedFolder) -> None:
    papers = "with its papers" if checked.papers else "without papers"
    say(f"{checked.model[:16]} ({checked.form}): {counted(checked.files, 'file')} as sealed, {papers}")
    say_wrapped(f"signed by {checked.key}" if checked.key else _UNSIGNED[checked.signed])
