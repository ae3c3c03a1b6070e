"""The page that chapters captions in a browser, by what ships as .gguf file or by a model that is exported anew."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.inference.artefact import PARTIAL, Card, model_folder
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
    with partial_folder(out) as place:
        folder = place / "page"
        exported = export(workspace, "gguf", folder / PAGE_MODEL, name)
        write_page(folder)
        check_new_folder(out)  # another process may have been quicker
        folder.rename(out)
    return exported


@contextmanager
def partial_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` for what becomes it, gone after the block. Those that killed processes left go too."""
    for left in out.parent.glob(f".{escape(out.name)}-*{PARTIAL}"):
        with suppress(OSError), _opened(left) as folder:  # where another process is at work in it, it stays
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-", suffix=PARTIAL) as name, _opened(name) as folder:
        with suppress(OSError):  # a disk that has no locks: there, what is left stays
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Path(name)


@contextmanager
def _opened(folder: str | Path) -> Iterator[int]:
    """A lock on it goes with the descriptor, and with a process that is killed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
