"""Stage 6. What would ship, made from the candidate: the base of the table of targets, and what `export.targets` names.

Of a target that can't be made the reason is kept, and it is held back; without the base nothing ships, and the stage
fails.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from errata.documents.document import write_document
from errata.documents.file_names import CANDIDATE, EXPORTS, NO_CANDIDATE, UNBUILT
from errata.documents.parity import UnbuiltExports
from errata.errors import BadInput, Unavailable
from errata.files import write_json
from errata.inference.artefact import MANIFEST
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from registry.export.targets import EXPORT_TARGETS, ExportSource, ExportTarget, export_source


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    EXPORTS.mkdir(exist_ok=True)
    if not (CANDIDATE / MANIFEST).exists():
        sys.stderr.write("export: nothing, there is no candidate\n")
        write_json(EXPORTS / NO_CANDIDATE, {})  # of an empty folder DVC warns
        return
    source = export_source(workspace, CANDIDATE, EXPORTS / "server")
    unbuilt = dict[str, str]()
    for target in EXPORT_TARGETS.values():
        # what an earlier run made is of another candidate, and mustn't be taken for this one's
        shutil.rmtree(EXPORTS / target.name, ignore_errors=True)
        if target.is_base or target.name in source.params.targets:
            unbuilt |= _build(target, source)
    write_document(EXPORTS / UNBUILT, UnbuiltExports(unbuilt))


def _build(target: ExportTarget, source: ExportSource) -> dict[str, str]:
    """Empty where it was made; else, by its name, why not."""
    try:
        identity = target.build(source, EXPORTS / target.name)
    except (BadInput, Unavailable) as problem:
        if target.is_base:
            raise
        sys.stderr.write(f"export: {target.name} is held back, since it can't be made: {problem}\n")
        return {target.name: str(problem)}
    sys.stderr.write(f"export: {target.name} {identity[:12]}\n")
    return {}


if __name__ == "__main__":
    with stage_exit():
        main()
