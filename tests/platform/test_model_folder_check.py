"""What whoever takes a model from elsewhere learns of it, and what is refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from errata.errors import BadInput, NotFound, Refused
from errata.files import file_sha256
from errata.inference.artefact import MANIFEST, Card, read_seal, seal, verify
from errata.inference.checksums import (
    BILL_OF_MATERIALS,
    CHECKSUMS,
    MODEL_CARD,
    PUBLIC_KEYS,
    SIGNATURE,
    checksum_lines,
)
from errata.inference.minisign import SecretKey
from errata.operations.model_folder_check import check_model_folder

KEY, OTHER = SecretKey.new(), SecretKey.new()


def sign(folder: Path, key: SecretKey) -> None:
    """Writes the list of all that lies in the folder, and signs it."""
    names = [*read_seal(folder)[1], MANIFEST, MODEL_CARD, BILL_OF_MATERIALS]
    lines = checksum_lines({name: file_sha256(folder / name) for name in names})
    (folder / CHECKSUMS).write_text(lines)
    (folder / SIGNATURE).write_text(key.sign(lines.encode(), "errata model"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    Card("inline", 512).write(folder)
    seal(folder)
    (folder / MODEL_CARD).write_text("# A model\n")
    (folder / BILL_OF_MATERIALS).write_text("{}\n")
    sign(folder, KEY)
    return folder


def test_a_signed_model_says_by_whom(model: Path, tmp_path: Path) -> None:
    (tmp_path / PUBLIC_KEYS).write_text(OTHER.public.file + KEY.public.file)
    checked = check_model_folder(model, tmp_path)
    assert checked.signed == "by a trusted key" and checked.key == KEY.public.text
    assert (checked.files, checked.papers, checked.form) == (1, True, "full")
    for key in (KEY.public.text, str(tmp_path / PUBLIC_KEYS)):
        assert check_model_folder(model, tmp_path / "nowhere", key).key == KEY.public.text
    assert check_model_folder(model, tmp_path / "nowhere").signed == "by a key that is not known"


def test_papers_are_none_of_a_models_identity(model: Path, tmp_path: Path) -> None:
    identity = verify(model)
    for name in (SIGNATURE, CHECKSUMS, MODEL_CARD, BILL_OF_MATERIALS):
        (model / name).unlink()
        assert verify(model) == identity
    checked = check_model_folder(model, tmp_path)
    assert checked.signed == "unsigned" and not checked.papers
    with pytest.raises(Refused, match="unsigned"):
        check_model_folder(model, tmp_path, KEY.public.text)


@pytest.mark.parametrize("name", [MODEL_CARD, BILL_OF_MATERIALS, CHECKSUMS])
def test_a_paper_that_was_changed_is_found(model: Path, name: str) -> None:
    (model / name).write_text((model / name).read_text() + "and more\n")
    with pytest.raises(NotFound, match="a paper of the model was changed"):
        verify(model)


def test_whoever_lists_a_change_anew_lacks_the_key(model: Path, tmp_path: Path) -> None:
    (tmp_path / PUBLIC_KEYS).write_text(KEY.public.file)
    (model / MODEL_CARD).write_text("# Another model\n")
    sign(model, OTHER)
    verify(model)
    with pytest.raises(Refused, match="none of the trusted keys"):
        check_model_folder(model, tmp_path)


def test_a_pickle_that_calls_itself_a_paper_is_refused(model: Path) -> None:
    (model / MODEL_CARD).write_bytes(pickle.dumps({}))
    sign(model, KEY)
    with pytest.raises(NotFound, match=r"README\.md is a pickle"):
        verify(model)


def test_a_model_that_is_sealed_anew_has_no_list_of_the_old(model: Path) -> None:
    """A README may be sealed, as a base's own is; the others speak of what was sealed before."""
    seal(model)
    assert set(json.loads((model / MANIFEST).read_text())) == {"errata.json", MODEL_CARD}


def test_a_key_that_is_none_is_one_sentence(model: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--key nonsense is neither a file"):
        check_model_folder(model, tmp_path, "nonsense")


@pytest.mark.slow
def test_the_service_loads_nothing_that_others_signed(model: Path, tmp_path: Path) -> None:
    (tmp_path / "workspace" / "models").mkdir(parents=True)
    (tmp_path / "workspace" / PUBLIC_KEYS).write_text(OTHER.public.file)
    command = [sys.executable, "-m", "errata.service.model_worker", model, verify(model), tmp_path / "workspace/models"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert "none of the trusted keys" in json.loads(done.stdout)["failed"]
