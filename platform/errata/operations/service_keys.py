"""Keys of the service: made, listed and revoked by whoever may write the workspace."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from errata.database.access_keys import AccessKey
from errata.database.audit_log import AuditEntry
from errata.domain.access import AccessRole
from errata.domain.names import check_name
from errata.domain.reviewer import REVIEWER_ROLES
from errata.errors import BadInput
from errata.files import write_secret_once
from errata.workspace import Workspace

PEPPER_FILE = "service.secret"
"""With what digests of keys are made, so that who reads the record can't try keys on it. Not in the record, and so not
in its backups: where it is lost, every key is to be made anew."""
PREFIX = "errata_"
"""By which a key is known for one, to people and to scanners for secrets."""
FIRST = "admin"


@dataclass(frozen=True, slots=True)
class NewKey:
    name: str
    role: AccessRole
    key: str
    """Shown once: only its digest is kept."""
    appointed: bool
    """Whether its owner was appointed to the role in the record, which only a release owner takes back."""


def add_key(workspace: Workspace, name: str, role: AccessRole, by: str) -> NewKey:
    """A key for a person or program. For a reviewer's role it appoints them to it, as `errata reviewers` does.

    Raises BadInput for a name that is none, and Refused where the name has a key of another role, or `by` may not
    appoint anybody.
    """
    if not name or name != name.strip() or not name.isprintable():  # nor two names that look the same
        raise BadInput("the name {!r} is none that a list can show; give it visible characters", name)
    check_name(name, "the key's name")
    key = PREFIX + new_secret()
    digest = secret_digest(pepper(workspace), key)
    with workspace.record.write() as store:
        before = store.reviewers.roles().get(name, "reviewer")
        if role in REVIEWER_ROLES and (role != "reviewer" or before != role):
            store.reviewers.appoint(name, role, by)
        appointed = role in REVIEWER_ROLES and before != role
        store.keys.add(name, role, digest)
        for act in ("keys add", "reviewers appoint") if appointed else ("keys add",):
            store.audit.add(AuditEntry(by, "", act, f"{name} ({role})"))
    return NewKey(name, role, key, appointed)


def add_first_key(workspace: Workspace, by: str) -> NewKey | None:
    """An admin's, where nobody has one."""
    with workspace.record.read() as store:
        if store.keys.has_admin():
            return None
    return add_key(workspace, FIRST, "admin", by)


def list_keys(workspace: Workspace) -> Sequence[AccessKey]:
    with workspace.record.read() as store:
        return store.keys.all()


def revoke_key(workspace: Workspace, name: str, by: str) -> int:
    """Ends a name's keys and the sessions opened with them; how many keys that were. Raises NotFound for none."""
    with workspace.record.write() as store:
        count = store.keys.revoke(name)
        store.audit.add(AuditEntry(by, "", "keys revoke", name))
    return count


def audit_entries(workspace: Workspace, count: int, name: str | None) -> Sequence[AuditEntry]:
    """Who did what, the newest first."""
    with workspace.record.read() as store:
        return store.audit.newest(count, name)


def new_secret() -> str:
    """256 bits."""
    return secrets.token_urlsafe(32)


def secret_digest(secret_pepper: bytes, secret: str) -> str:
    """HMAC-SHA-256. A secret of 256 random bits can't be guessed, so no slow hash is needed as for passwords."""
    return hmac.new(secret_pepper, secret.encode(), "sha256").hexdigest()


def pepper(workspace: Workspace) -> bytes:
    """The workspace's own, made where there is none."""
    path = workspace.root / PEPPER_FILE
    if not path.exists():
        write_secret_once(path, secrets.token_hex(32))
    return path.read_text().strip().encode()
