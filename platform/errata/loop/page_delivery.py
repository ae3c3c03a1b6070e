"""The page that chapters captions in a browser, by what ships as .gguf file or by a model that is exported anew."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from errata.inference.artefact import Card, model_folder
from errata.loop.deliver import ExportedModel, check_new_folder, export
from errata.operations.model_names import resolve_model
from errata.workspace import Workspace
from registry.export.browser_page import PAGE_MODEL, check_page_template, write_page


def deliver_page(workspace: Workspace, out: Path, name: str) -> ExportedModel:
    """Writes the page to `out`, which appears when it is whole; `name` as in `export`.

    Raises BadInput if `out` exists and for a model of a template that no page asks by, and else as `export` does.
    """
    check_new_folder(out)
    check_page_template(Card.read(model_folder(resolve_model(workspace, name), workspace.models)).template)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as place:
        folder = Path(place) / "page"
        exported = export(workspace, "gguf", folder / PAGE_MODEL, name)
        write_page(folder)
        check_new_folder(out)  # another process may have been quicker
        folder.rename(out)
    return exported
