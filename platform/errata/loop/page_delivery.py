"""The page that chapters captions in a browser, by what ships as .gguf file or by a model that is exported anew."""

from __future__ import annotations

from pathlib import Path

from errata.inference.artefact import Card, model_folder
from errata.loop.deliver import ExportedModel, export
from errata.loop.whole_folder import whole_folder
from errata.operations.model_names import resolve_model
from errata.workspace import Workspace
from registry.export.browser_page import PAGE_MODEL, check_page_template, write_page
from registry.export.build import check_senses_ship


def deliver_page(workspace: Workspace, out: Path, name: str) -> ExportedModel:
    """Writes the page to `out`, which appears when it is whole; `name` as in `export`.

    Raises BadInput for a model that sees or hears, or of a template that no page asks by, and else as `export` does.
    """
    model = model_folder(resolve_model(workspace, name), workspace.models)
    check_senses_ship(model, "gguf")
    check_page_template(Card.read(model).template)
    with whole_folder(out) as folder:
        exported = export(workspace, "gguf", folder / PAGE_MODEL, name)
        write_page(folder)
    return exported
