"""Stage 6. What would ship, made from the candidate: `exports/server`, and of `exports/device` and `exports/gguf` what
`export.targets` names."""

from __future__ import annotations

import sys
from pathlib import Path

from errata.documents.file_names import CANDIDATE, EXPORTS, NO_CANDIDATE
from errata.files import write_json
from errata.inference.artefact import MANIFEST
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from registry.export.device import export_device
from registry.export.gguf_export import export_gguf
from registry.export.server import export_server


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    params = workspace.params().export
    EXPORTS.mkdir(exist_ok=True)
    if not (CANDIDATE / MANIFEST).exists():
        sys.stderr.write("export: nothing, there is no candidate\n")
        write_json(EXPORTS / NO_CANDIDATE, {})  # of an empty folder DVC warns
        return
    server = export_server(CANDIDATE, workspace.models, EXPORTS / "server")
    sys.stderr.write(f"export: server {server[:12]}\n")
    if "device" in params.targets:
        device = export_device(EXPORTS / "server", EXPORTS / "device", params.device)
        sys.stderr.write(f"export: device {device[:12]}\n")
    if "gguf" in params.targets:
        gguf = export_gguf(EXPORTS / "server", EXPORTS / "gguf", params.gguf)
        sys.stderr.write(f"export: gguf {gguf[:12]}\n")


if __name__ == "__main__":
    with stage_exit():
        main()
