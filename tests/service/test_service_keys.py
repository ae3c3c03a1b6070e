"""Keys: made, shown once, used, revoked; wrong ones are counted, and all of it is written down."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from errata.cli.print_access import print_first_key
from errata.errors import BadInput, NotFound, Refused
from errata.operations.service_keys import PEPPER_FILE, NewKey, add_key, audit_entries, list_keys, revoke_key
from errata.service import known_keys
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.command_line import in_this_process as errata
from tests.service.conftest import ADDRESS, ClientOf


def test_the_record_has_no_key_that_could_be_used(workspace: Workspace) -> None:
    made = add_key(workspace, "ann", "reviewer", "tests")
    everything = b"".join(path.read_bytes() for path in workspace.root.glob("errata.db*"))
    assert b"ann" in everything and made.key.encode() not in everything
    assert made.key.removeprefix("errata_").encode() not in everything
    assert (workspace.root / PEPPER_FILE).stat().st_mode & 0o077 == 0
    assert f"/{PEPPER_FILE}" in (workspace.root / ".gitignore").read_text().split()


def test_with_another_secret_file_no_key_holds(workspace: Workspace, client_of: ClientOf) -> None:
    assert client_of("reviewer").get("/").status_code == 200
    (workspace.root / PEPPER_FILE).write_text("another")
    key = add_key(workspace, "new", "reviewer", "tests").key
    with TestClient(make_app(workspace, ServiceSettings()), base_url=ADDRESS) as fresh:
        assert fresh.get("/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert len(list_keys(workspace)) == 2


def test_a_revoked_key_opens_nothing_a_second_later(workspace: Workspace, client_of: ClientOf) -> None:
    ann, bob = client_of("reviewer", "ann"), client_of("reviewer", "bob")
    assert (ann.get("/").status_code, bob.get("/").status_code) == (200, 200)
    assert revoke_key(workspace, "ann", "tests") == 1
    time.sleep(known_keys.REMEMBERED_SECONDS + 0.1)
    assert (ann.get("/").status_code, bob.get("/").status_code) == (401, 200)
    keys = {key.name: key for key in list_keys(workspace)}
    assert keys["ann"].revoked is not None and keys["bob"].revoked is None
    assert keys["bob"].last_use is not None
    with pytest.raises(NotFound, match="ann has no key that holds"):
        revoke_key(workspace, "ann", "tests")
    assert client_of("adjudicator", "ann").get("/").status_code == 200, "a new key may have another role"


def test_who_reads_waits_for_nobody_who_writes(workspace: Workspace, client_of: ClientOf) -> None:
    """That a key was used is noted when there is time for it."""
    ann = client_of("reviewer", "ann")
    with workspace.record.write():
        assert ann.get("/").status_code == 200
    end = time.monotonic() + 30
    while list_keys(workspace)[0].last_use is None:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_name_has_one_role_at_a_time(workspace: Workspace) -> None:
    add_key(workspace, "ann", "reviewer", "tests")
    add_key(workspace, "ann", "reviewer", "tests")
    with pytest.raises(Refused, match="ann has a key of role reviewer already"):
        add_key(workspace, "ann", "admin", "tests")
    assert [key.role for key in list_keys(workspace)] == ["reviewer", "reviewer"]


@pytest.mark.parametrize(
    "name",
    ["", " ", " ann", "ann ", "a\nb", "a\tb", "\x1b[2Jann", "ann\u200b", "\u202enna", "ann\u2028", "a\x00b", "x" * 501],
)
def test_a_name_that_no_list_can_show_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(BadInput):
        add_key(workspace, name, "reviewer", "tests")
    assert not list_keys(workspace)


def test_a_key_of_a_reviewer_s_role_appoints(workspace: Workspace) -> None:
    assert add_key(workspace, "ann", "release owner", "tests").appointed
    with workspace.record.read() as store:
        assert store.reviewers.roles() == {"ann": "release owner"}
    assert [(entry.name, entry.act, entry.subject) for entry in audit_entries(workspace, 9, None)][::-1] == [
        ("tests", "keys add", "ann (release owner)"),
        ("tests", "reviewers appoint", "ann (release owner)"),
    ]
    assert not add_key(workspace, "ann", "release owner", "ann").appointed, "she is it already"
    with pytest.raises(Refused, match="ask a release owner"):
        add_key(workspace, "bob", "adjudicator", "bob")
    assert {key.name for key in list_keys(workspace)} == {"ann"}
    add_key(workspace, "bob", "adjudicator", "ann")


def test_wrong_keys_are_counted_and_keep_no_right_one_out(workspace: Workspace, client_of: ClientOf) -> None:
    settings = ServiceSettings(attempt_rate=5)
    key = add_key(workspace, "bob", "reviewer", "tests").key
    with TestClient(make_app(workspace, settings), base_url=ADDRESS) as client:
        wrong = [client.get("/", headers={"Authorization": f"Bearer wrong{number}"}) for number in range(7)]
        assert [one.status_code for one in wrong] == [401] * 5 + [429] * 2
        assert int(wrong[-1].headers["retry-after"]) >= 1
        assert client.get("/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    entries = audit_entries(workspace, 100, "")
    assert [entry.status for entry in entries] == [401] * 5
    assert all(entry.act == "GET /" and "wrong" not in entry.subject for entry in entries)


def test_a_key_has_a_rate(workspace: Workspace) -> None:
    key = add_key(workspace, "bob", "reviewer", "tests").key
    with TestClient(make_app(workspace, ServiceSettings(key_rate=1)), base_url=ADDRESS) as client:
        answers = [client.get("/", headers={"Authorization": f"Bearer {key}"}) for _ in range(8)]
    assert {one.status_code for one in answers} == {200, 429}
    refused = answers[-1]
    assert refused.headers["retry-after"] == "1" and "1 requests a second" in refused.json()["detail"]


def test_who_did_what_is_written_down(workspace: Workspace, client_of: ClientOf) -> None:
    program, ann = client_of("predictor", "app"), client_of("reviewer", "ann")
    assert program.get("/").status_code == 403
    assert ann.get("/").status_code == 200
    assert ann.post("/sign-out").status_code == 303
    acts = [(entry.name, entry.act, entry.status) for entry in audit_entries(workspace, 3, None)]
    assert acts == [("ann", "POST /sign-out", 303), ("app", "GET /", 403), ("tests", "keys add", 0)]


def test_the_commands(laid_out: Path, workspace: Workspace) -> None:
    at = ("-w", workspace.root)
    shown = errata("keys", "add", "ann", "--role", "release-owner", "--by", "carol", *at).stdout
    assert "errata_" in shown and "release owner" in shown
    made = json.loads(errata("keys", "add", "app", "--role", "predictor", *at, "--json").stdout)
    assert made["name"] == "app" and made["key"].startswith("errata_")
    listed = json.loads(errata("keys", "list", *at, "--json").stdout)
    assert [key["name"] for key in listed] == ["ann", "app"] and "key" not in listed[0] and "digest" not in listed[0]
    assert "holds" in errata("keys", "list", *at).stdout
    assert errata("keys", "revoke", "app", *at).stdout == "1 key of app opens nothing any more\n"
    assert errata("keys", "revoke", "nobody", *at, check=False).returncode == 3
    entries = json.loads(errata("audit", *at, "--json").stdout)
    assert [(entry["name"], entry["act"]) for entry in entries[:1]] == [("carol", "keys add")]
    assert "keys revoke" in errata("audit", "--last", "1", *at).stdout


def test_what_comes_with_the_first_key_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    print_first_key(NewKey("ann", "admin", "errata_…", appointed=False), ADDRESS, Path("my ws"))
    assert "errata keys add NAME --role reviewer -w 'my ws'\n" in capsys.readouterr().out
