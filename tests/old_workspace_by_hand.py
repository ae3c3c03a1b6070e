"""What tests ask of a made-up old workspace whose aliases people move by hand: its status, and what MLflow has."""

from __future__ import annotations

import json
from typing import Any

from registry.models import ModelRegistry
from tests.command_line import in_this_process, json_of
from tests.made_up_old_workspace import OldWorkspace

as_json = json_of(in_this_process)


def status(old: OldWorkspace) -> dict[str, Any]:
    found: dict[str, Any] = as_json("status", "-w", old.place.root)
    return found


def by_hand(old: OldWorkspace) -> Any:
    registry = ModelRegistry.of(old.place)
    return registry.mlflow.client, registry._name


def version_of(old: OldWorkspace, model: str) -> Any:
    client, name = by_hand(old)
    return min(client.search_model_versions(f"name = '{name}' and tags.`errata.sha256` = '{model}'"), key=str)


def registry_fsck(old: OldWorkspace, *words: str) -> tuple[int, dict[str, Any]]:
    done = in_this_process("registry", "fsck", "--json", "-w", old.place.root, *words, check=False)
    return done.returncode, json.loads(done.stdout)
