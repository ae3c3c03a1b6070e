"""`errata doctor`: what is here, what is wrong, and what to do."""

from __future__ import annotations

import json
import shutil
from importlib import metadata
from pathlib import Path

import pytest

from errata.inference.artefact import store_model
from errata.loop import doctor
from errata.operations import machine
from errata.operations.machine import HealthCheck, machine_checks
from errata.project_files import embedded_model
from errata.workspace import Workspace
from registry.mlflow_store import MlflowStore
from registry.models import ModelRegistry
from registry.promotion import install_day0
from tests.command_line import in_this_process


def named(checks: list[HealthCheck], name: str) -> HealthCheck:
    return next(check for check in checks if check.name == name)


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(doctor, "machine_checks", lambda _: [])
    monkeypatch.setattr(doctor, "abilities", list)
    workspace = Workspace.find(Path(shutil.copytree(laid_out, tmp_path / "Träger eins")))
    with workspace.record.write() as store:
        install_day0(store, store_model(embedded_model(), workspace.models), "test")
    (workspace.root / "mlflow.db").touch()
    monkeypatch.setattr(ModelRegistry, "aliases", lambda _: {})
    return workspace


def test_this_machine_is_described_line_by_line(tmp_path: Path) -> None:
    checks = list(machine_checks(tmp_path))
    names = [check.name for check in checks]
    assert {"errata", "Python", "packages", "torch", "GPU", "cores", "memory", "disk", "git", "java"} <= set(names)
    assert named(checks, "torch").detail.startswith(metadata.version("torch"))
    assert all(check.remedy for check in checks if check.state == "problem")


def test_a_package_of_another_version_is_a_problem_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_version", lambda name: "0.0.1" if name == "torch" else metadata.version(name))
    check = machine._packages()
    assert (
        check.state == "problem" and check.detail.startswith("torch is 0.0.1, not ==") and "make setup" in check.remedy
    )


def test_what_only_some_need_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda _: None)
    monkeypatch.setattr(machine.shutil, "which", lambda name: None if name == "java" else f"/usr/bin/{name}")
    checks = list(machine_checks(tmp_path))
    assert named(checks, "java").state == "absent" and "apt-get" in named(checks, "java").remedy
    assert named(checks, "extra gguf").state == "absent"


def test_a_sound_workspace_has_nothing_wrong(workspace: Workspace) -> None:
    done = in_this_process("doctor", "-w", workspace.root)
    assert "nothing is wrong" in done.stdout and "1536 tokens a window, template inline" in done.stdout
    *lines, command = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert command == f"errata import transcripts FILE -w '{workspace.root}'"


def test_each_fault_is_named_and_the_exit_code_says_so(workspace: Workspace) -> None:
    (workspace.root / "dvc.yaml").write_text("stages: {}\n")
    (workspace.root / "mlflow.db").unlink()
    next(workspace.models.glob("*/config.json")).write_text("{}")
    done = in_this_process("doctor", "-w", workspace.root, "--json", check=False)
    assert done.returncode == 1
    states = {check["name"]: check["state"] for check in json.loads(done.stdout)["workspace"]}
    assert [name for name, state in states.items() if state == "problem"] == ["champion", "pipeline", "MLflow"]
    assert not (workspace.root / "mlflow.db").exists(), "looking makes nothing"


@pytest.mark.parametrize(
    ("aliases", "words", "remedy"),
    [
        ({}, "none of this workspace's models", "errata init"),
        ({"champion": ("7", "x")}, "champion is version 7", "errata registry fsck --repair"),
    ],
)
def test_what_mlflow_has_otherwise_than_the_record_is_a_problem(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, aliases: dict[str, tuple[str, str]], words: str, remedy: str
) -> None:
    with workspace.record.write() as store:
        for move in store.aliases.unapplied_moves():
            store.aliases.mark_applied(move.number)
    monkeypatch.setattr(ModelRegistry, "aliases", lambda _: aliases)
    mlflow = named(list(doctor.examine(workspace).workspace), "MLflow")
    assert mlflow.state == "problem" and words in mlflow.detail and remedy in mlflow.detail


def test_a_record_that_can_t_be_used_is_a_problem(workspace: Workspace) -> None:
    workspace.record.close()
    (workspace.root / "errata.db").write_bytes(b"no database at all, and long enough to be looked at" * 40)
    done = in_this_process("doctor", "-w", workspace.root, check=False)
    assert done.returncode == 1 and "✗ record" in done.stdout


def test_an_address_of_mlflow_is_shown_without_its_password(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRATA_MLFLOW_URI", "https://ann:secret@mlflow.example")
    monkeypatch.setattr(MlflowStore, "check_reachable", lambda _: None)
    mlflow = named(list(doctor.examine(Workspace.find(workspace.root)).workspace), "MLflow")
    assert mlflow.state == "ok" and "https://ann@mlflow.example" in mlflow.detail
