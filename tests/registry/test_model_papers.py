"""The papers of a workspace's model: the key that signs them, and what is left where they can't be written."""

from __future__ import annotations

import stat
from itertools import count
from pathlib import Path

import pytest

from errata.errors import BadInput
from errata.inference.artefact import Card, move_model, verify
from errata.inference.checksums import CHECKSUMS, MODEL_CARD, PAPERS, PUBLIC_KEYS, SIGNATURE
from errata.inference.minisign import SecretKey, read_public_keys
from errata.loop.model_papers import write_papers
from errata.loop.signing_key import KEY_FILE, make_signing_key, signing_key
from errata.operations.model_folder_check import check_model_folder
from errata.settings import FILE
from errata.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / FILE).touch()
    made = Workspace.find(tmp_path)
    made.record.migrate()
    return made


@pytest.fixture
def model(workspace: Workspace) -> Path:
    """Day-0, of which nothing but a card is there."""
    folder = workspace.models / "made"
    folder.mkdir(parents=True)
    Card("inline", 512).write(folder)
    identity = move_model(folder, workspace.models)
    with workspace.record.write() as store:
        store.aliases.assign_alias("day0", identity, "day0", "test", None, None)
    return workspace.models / identity[:16]


def test_a_workspace_without_a_key_says_unsigned_and_one_with_a_key_signs(workspace: Workspace, model: Path) -> None:
    identity = verify(model)
    write_papers(workspace, model, identity, None)
    assert check_model_folder(model, workspace.root).signed == "unsigned"
    make_signing_key(workspace)
    write_papers(workspace, model, identity, None)
    assert check_model_folder(model, workspace.root).signed == "by a trusted key"
    assert verify(model) == identity and "This is Day-0" in (model / MODEL_CARD).read_text()


def test_the_key_is_its_owners_alone_and_is_made_once(workspace: Workspace) -> None:
    make_signing_key(workspace)
    path = workspace.root / KEY_FILE
    text, public = path.read_text(), (workspace.root / PUBLIC_KEYS).read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"/{KEY_FILE}" in (workspace.root / ".gitignore").read_text().splitlines()
    make_signing_key(workspace)
    assert (path.read_text(), (workspace.root / PUBLIC_KEYS).read_text()) == (text, public)


def test_what_an_earlier_key_signed_is_trusted_still(workspace: Workspace, model: Path) -> None:
    make_signing_key(workspace)
    write_papers(workspace, model, verify(model), None)
    (workspace.root / KEY_FILE).unlink()
    make_signing_key(workspace)
    keys = read_public_keys((workspace.root / PUBLIC_KEYS).read_text())
    key = signing_key(workspace)
    assert key is not None and keys[0] == key.public and len(keys) == 2
    assert check_model_folder(model, workspace.root).key == keys[1].text


def test_a_damaged_key_is_one_sentence(workspace: Workspace, model: Path) -> None:
    (workspace.root / KEY_FILE).write_text(SecretKey.new().file[:-20])
    for use in (lambda: make_signing_key(workspace), lambda: write_papers(workspace, model, verify(model), None)):
        with pytest.raises(BadInput, match=r"errata\.key is no secret key"):
            use()


@pytest.mark.parametrize("had_papers", [False, True])
def test_a_model_is_whole_wherever_writing_its_papers_stops(
    workspace: Workspace, model: Path, monkeypatch: pytest.MonkeyPatch, had_papers: bool
) -> None:
    make_signing_key(workspace)
    identity = verify(model)
    for failing in count():
        for name in PAPERS:
            (model / name).unlink(missing_ok=True)
        if had_papers:
            write_papers(workspace, model, identity, "server")
        with monkeypatch.context() as patch:
            is_done = _fails(patch, failing, lambda: write_papers(workspace, model, identity, None))
        assert verify(model) == identity
        assert check_model_folder(model, workspace.root).model == identity
        if is_done:
            break
    assert failing > 2 * len(PAPERS) - 1
    assert (model / SIGNATURE).is_file() and (model / CHECKSUMS).is_file()


def _fails(patch: pytest.MonkeyPatch, number: int, write: object) -> bool:
    """Whether `write` came to its end although its `number`-th renaming or deletion fails."""
    numbers = count()

    def failing(real: object) -> object:
        def do(path: Path, *arguments: object, **options: object) -> object:
            if next(numbers) == number:
                raise OSError(28, "No space left on device")
            return real(path, *arguments, **options)

        return do

    for name in ("replace", "unlink"):
        patch.setattr(Path, name, failing(getattr(Path, name)))
    try:
        write()
    except OSError:
        return False
    return True
