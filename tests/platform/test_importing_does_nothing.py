"""Importing a module opens no connection, starts nothing and leaves nothing behind; the command line starts light."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

HEAVY = (
    *("torch", "transformers", "peft", "trl", "datasets", "mlflow", "scipy", "matplotlib", "onnxruntime", "dvc"),
    *("fastapi", "starlette", "uvicorn"),
)
LIGHT = (
    "errata.cli",
    "errata.cli.app",
    "errata.cli.service_app",
    "errata.workspace",
    "errata.operations.importing",
    "errata.operations.status",
    "errata.loop.night",
    "errata.documents.night",
    "errata.database.record",
    "errata.database.store",
    "errata.database.aliases",
    "errata.database.tables",
    "errata.domain.twins",
    "errata.formats.detect",
    "errata.tasks.chapters",
    "errata.tasks.templates",
)

WATCHED = """
import importlib, json, sys

ours = sys.argv[1:]
events = []

def inside() -> bool:
    # whether a module of ours, being imported, did this itself rather than a library it imports
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(("importlib", "_frozen_importlib", "os", "io", "pathlib", "__main__")):
            return name in ours
        frame = frame.f_back
    return False

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        events.append([event, str(arguments[1:])])
    if event in ("os.system", "subprocess.Popen", "os.mkdir", "os.rename", "os.remove", "shutil.copyfile") and inside():
        events.append([event, str(arguments[:1])])
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+") and inside():
        events.append([event, str(arguments[0])])

sys.addaudithook(watch)
for name in ours:
    importlib.import_module(name)
json.dump({"events": events, "modules": sorted(sys.modules)}, sys.stdout)
"""


def imported(folder: Path, *names: str) -> dict[str, Any]:
    """What happened while these were imported, in a process that has nothing but `folder`."""
    environment = {**os.environ, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *names],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)  # which also says that nobody printed
    return found


def every_module() -> list[str]:
    names = []
    for source in (ROOT / "platform", ROOT):
        for package in ("errata", "retrain", "evaluation", "registry"):
            for path in sorted((source / package).rglob("*.py")):
                parts = path.relative_to(source).with_suffix("").parts
                if parts[-1] != "__main__":
                    names.append(".".join(part for part in parts if part != "__init__"))
    return names


def test_the_record_and_the_command_line_start_without_the_heavy_libraries(tmp_path: Path) -> None:
    loaded = {name.partition(".")[0] for name in imported(tmp_path, *LIGHT)["modules"]}
    assert {"errata", "sqlalchemy", "typer"} <= loaded
    assert loaded.isdisjoint(HEAVY)


def test_importing_any_module_does_nothing_else(tmp_path: Path) -> None:
    names = every_module()
    assert len(names) > 80 and {"errata.cli.app", "retrain.train", "registry.models"} <= set(names)
    found = imported(tmp_path, *names)
    assert found["events"] == []
    ours = [path for path in tmp_path.rglob("*") if not path.relative_to(tmp_path).parts[0].startswith(".")]
    assert ours == [], "a library may keep a cache of its own in a hidden folder; ours write nothing"
    assert "ray" not in found["modules"] and "unsloth" not in found["modules"]


def test_the_watch_would_have_seen_it(tmp_path: Path) -> None:
    (tmp_path / "guilty.py").write_text(
        "import pathlib, socket\npathlib.Path('left.txt').write_text('x')\nsocket.socket().bind(('127.0.0.1', 0))\n"
    )
    events = imported(tmp_path, "guilty")["events"]
    assert {event for event, _ in events} == {"open", "socket.bind"}
