"""`[service]` in errata.toml, and what is none of its settings."""

from __future__ import annotations

import pytest

from errata.errors import BadInput
from errata.service.service_settings import ServiceSettings, service_settings
from errata.settings import FILE
from errata.workspace import Workspace


def with_table(workspace: Workspace, table: str) -> Workspace:
    path = workspace.root / FILE
    path.write_text(f"{path.read_text()}\n[service]\n{table}\n")
    return Workspace.find(workspace.root)


def test_the_file_sets_and_the_command_line_has_the_last_word(workspace: Workspace) -> None:
    assert service_settings(workspace, host=None) == ServiceSettings()
    place = with_table(workspace, 'port = 9000\nallow_hosts = ["a.test"]\nqueue = 1\ndurability = "process"')
    found = service_settings(place, host="10.0.0.1", port=None)
    assert (found.host, found.port, found.allow_hosts, found.queue) == ("10.0.0.1", 9000, ("a.test",), 1)
    assert service_settings(place, port=1).port == 1
    assert place.settings.model_name == "errata-chapters", "the loop reads on as before"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("prot = 1", r"\[service\] prot is no setting \(do you mean port\?\)"),
        ('port = "1"', "port must be a whole number, not '1'"),
        ("port = true", "port must be a whole number"),
        ("port = 70000", "port is 70000; it must be from 0 to 65535"),
        ("queue = 0", "queue is 0; it must be from 1"),
        ("queue = 1.5", "queue must be a whole number"),
        ("queue = nan", "queue must be a whole number"),
        ("host = 1", "host must be text"),
        ('durability = "none"', "durability is full or process"),
        ('allow_hosts = "a.test"', "allow_hosts must be a list of texts"),
        ("allow_hosts = [1]", "allow_hosts must be a list of texts"),
    ],
)
def test_what_is_no_setting_is_refused(workspace: Workspace, table: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        service_settings(with_table(workspace, table))


def test_service_is_a_table(workspace: Workspace) -> None:
    path = workspace.root / FILE
    path.write_text(f"service = 1\n{path.read_text()}")
    with pytest.raises(BadInput, match="service must be a table"):
        service_settings(Workspace.find(workspace.root))
