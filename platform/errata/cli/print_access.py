"""Keys of the service, and its log, as the terminal shows them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from errata.cli.output import print_table, say, say_whole, say_wrapped
from errata.database.access_keys import AccessKey
from errata.database.audit_log import AuditEntry
from errata.operations.service_keys import NewKey


def print_first_key(key: NewKey, address: str, folder: Path) -> None:
    """`folder` is the workspace as its user calls it."""
    say("The first key, an admin's. It is shown this once:")
    say_whole(f"  {key.key}")
    say("With it sign in there, and make keys for the others:")
    say_whole(f"  {address}/sign-in")
    say_whole(f"  errata keys add NAME --role reviewer -w {shlex.quote(str(folder))}")


def print_new_key(key: NewKey) -> None:
    say(f"{key.name}'s key, of role {key.role}. It is shown this once:")
    say_whole(key.key)
    if key.appointed:
        say_wrapped(f"{key.name} is {key.role} in the record, too (errata reviewers), with or without the key.")


def print_keys(keys: Sequence[AccessKey]) -> None:
    rows = [
        (key.name, key.role, _time(key.made), _time(key.last_use), _time(key.revoked) if key.revoked else "holds")
        for key in keys
    ]
    print_table("Keys", ("name", "role", "made", "last use", "revoked"), rows)


def print_audit(entries: Sequence[AuditEntry]) -> None:
    rows = [
        (_time(entry.at), entry.name or "–", entry.act, entry.subject, str(entry.status or ""), entry.address)
        for entry in entries
    ]
    print_table("Who did what", ("at (UTC)", "name", "act", "to", "answer", "from"), rows)


def _time(time: datetime | None) -> str:
    return "–" if time is None else f"{time:%Y-%m-%d %H:%M:%S}"
