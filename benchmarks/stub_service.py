"""The service over a workspace, with a stub where the model is: what is measured then is the service itself.

python -m benchmarks.stub_service WORKSPACE PORT [--durability process] [--seconds S]
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from errata.database.record import Record
from errata.service.run_service import serve
from errata.service.service_settings import service_settings
from errata.workspace import Workspace

STUB = "5" * 64
"""The stub's identity."""


def name_stub(workspace: Workspace) -> None:
    """Makes the stub the champion."""
    (workspace.models / STUB[:16]).mkdir(parents=True, exist_ok=True)
    with Record(workspace.settings.database_url, workspace.root / "blobs").write() as store:
        store.aliases.assign_alias("champion", STUB, "manual", "benchmark", None, None)


def stub_command(seconds: float, identity: str) -> list[str]:
    script = Path(__file__).with_name("stub_model.py")
    return [sys.executable, str(script), identity, "--seconds", str(seconds)]


def name_threads() -> None:
    """Tells Linux what each thread is called, as newer versions of Python do, so that their CPU time is told apart."""
    while True:
        for thread in threading.enumerate():
            with suppress(OSError):  # it has ended, or this is no Linux
                Path(f"/proc/self/task/{thread.native_id}/comm").write_text(thread.name)
        time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--durability", choices=["full", "process"], default="full")
    parser.add_argument("--seconds", type=float, default=0.0, help="that the stub takes for a talk")
    arguments = parser.parse_args()
    workspace = Workspace.find(arguments.workspace)
    settings = service_settings(workspace, durability=arguments.durability, port=arguments.port, key_rate=100_000)

    def command(folder: Path, identity: str, models: Path) -> list[str]:
        return stub_command(arguments.seconds, identity)

    threading.Thread(target=name_threads, name="names", daemon=True).start()
    serve(workspace, settings, lambda address: None, command)


if __name__ == "__main__":
    main()
