"""The containers ask for what there is. They are not built here: that needs Docker, and a network."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from errata.settings import NAMES
from tests.command_line import in_this_process
from tests.conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in COMPOSE.items() if service.get("image") == "errata"}
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("name", [name for name, service in OURS.items() if "entrypoint" not in service])
def test_a_service_s_command_is_one_of_errata_s(name: str) -> None:
    command = COMPOSE[name]["command"]
    assert in_this_process(*command, "--help", check=False).returncode == 0
    assert in_this_process(*command, "--no-such-option", "--help", check=False).returncode == 2


def test_variables_are_settings_and_services_wait_for_ones_that_are_there() -> None:
    for name, service in COMPOSE.items():
        variables = [variable for variable in service.get("environment", {}) if variable.startswith("ERRATA_")]
        assert {variable.removeprefix("ERRATA_").lower() for variable in variables} <= set(NAMES), name
        assert set(service.get("depends_on", {})) <= set(COMPOSE), name


def test_what_is_open_is_open_to_the_host_alone() -> None:
    ports = [port for service in COMPOSE.values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_takes_the_torch_that_the_project_pins() -> None:
    [pin] = [requirement for requirement in PROJECT["dependencies"] if requirement.startswith("torch==")]
    assert re.findall(r"torch==\S+", DOCKERFILE) == [pin]
    assert set(re.findall(r"\[([a-z,]+)\]\"", DOCKERFILE)[0].split(",")) <= set(PROJECT["optional-dependencies"])
