"""The key by which a workspace signs what leaves it, and the public half, which travels.

errata.key    minisign's form without a password; only its owner may read it, and git doesn't see it
errata.pub    whom the workspace trusts: its own key first, and whatever keys are put below it
"""

from __future__ import annotations

from errata.files import write_atomically, write_secret_once
from errata.inference.checksums import PUBLIC_KEYS
from errata.inference.minisign import SecretKey, read_public_keys, read_secret_key
from errata.workspace import Workspace

KEY_FILE = "errata.key"


def make_signing_key(workspace: Workspace) -> None:
    """Where there is none. The public half goes before whatever `errata.pub` holds: what was signed before is trusted
    still."""
    path, public = workspace.root / KEY_FILE, workspace.root / PUBLIC_KEYS
    if not path.exists():
        workspace.ignore(KEY_FILE)
        write_secret_once(path, SecretKey.new().file)
    key = read_secret_key(path.read_text(errors="replace"), str(path)).public
    trusted = public.read_text(errors="replace") if public.exists() else ""
    if key not in read_public_keys(trusted):
        write_atomically(public, key.file + trusted)


def signing_key(workspace: Workspace) -> SecretKey | None:
    """None where the workspace has none. Raises BadInput for a file that is no key, or one with a password."""
    path = workspace.root / KEY_FILE
    return read_secret_key(path.read_text(errors="replace"), str(path)) if path.is_file() else None
