"""Stage 7. What would ship, made from the candidate: `exports/server` and `exports/device`."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from errata.errors import BadInput
from errata.inference.artefact import MANIFEST
from errata.workspace import Workspace
from registry.export.device import export_device
from registry.export.server import export_server

FOLDER = Path("exports")


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    params = yaml.safe_load(Path("params.yaml").read_text())["export"]
    if unknown := set(params["targets"]) - {"server", "device"}:
        raise BadInput(f"params.yaml: export.targets has {sorted(unknown)[0]!r}; there are server and device")
    FOLDER.mkdir(exist_ok=True)
    candidate = Path("candidate")
    if not (candidate / MANIFEST).exists():
        sys.stderr.write("export: nothing, there is no candidate\n")
        return
    server = export_server(candidate, workspace.models, FOLDER / "server")
    sys.stderr.write(f"export: server {server[:12]}\n")
    if "device" in params["targets"]:
        device = export_device(FOLDER / "server", FOLDER / "device", params["device"])
        sys.stderr.write(f"export: device {device[:12]}\n")


if __name__ == "__main__":
    main()
