"""Whatever `--model` names: a folder of it comes of it, or one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from errata.documents.model_summary import ModelOrigin
from errata.errors import BadInput, Unavailable
from errata.files import check_space
from errata.inference.artefact import CARD
from errata.loop.model_source import source_model
from tests.made_up_model import make_model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    make_model(folder, template="indexed", context=512)
    (folder / CARD).unlink()
    return folder


def fill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))


def test_a_folder_is_taken_as_it_is(made: Path, tmp_path: Path) -> None:
    found = source_model(str(made), tmp_path)
    assert (found.folder, found.origin) == (made, ModelOrigin("folder", str(made), ""))
    assert found.facts == {}, "where it lay is no part of what it is"
    assert list(tmp_path.iterdir()) == []


def test_a_gguf_file_is_unpacked_whether_it_is_named_or_its_folder(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    from tests.made_up_source import write_source

    for name in ("given", "one", "two"):
        (tmp_path / name).mkdir()
    file = tmp_path / "given" / "made-up.gguf"
    write_source(file, "qwen2")
    found = source_model(str(file), tmp_path / "one")
    assert found.folder == tmp_path / "one" and (found.folder / "model.safetensors").is_file()
    assert (found.origin.kind, found.origin.name, len(found.origin.revision)) == ("gguf", "made-up.gguf", 64)
    assert found.facts["source"]["revision"] == found.origin.revision
    assert source_model(str(file.parent), tmp_path / "two").origin == found.origin


REFUSED = {
    "nothing here": "--model .*nothing here is neither a folder nor",
    "gone.gguf": r"gone\.gguf is not there",
    "adapter": "holds an adapter, and Day-0 is a full model",
    "export": "holds an export, and Day-0 is a full model",
    "empty": "holds no model",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_full_model_is_refused(name: str, tmp_path: Path) -> None:
    for folder, marker in (("adapter", "adapter_config.json"), ("export", "genai_config.json"), ("empty", "x.txt")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / marker).write_text(json.dumps({}))
    with pytest.raises(BadInput, match=REFUSED[name]) as refusal:
        source_model(str(tmp_path / name), tmp_path)
    assert "\n" not in str(refusal.value)


def test_without_room_nothing_is_begun(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(monkeypatch)
    with pytest.raises(Unavailable, match=r"model takes 0\.0 GB at .*, and 0\.0 GB are free there; make room"):
        source_model(str(made), tmp_path / "not" / "yet")


def test_without_room_no_file_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gguf")
    from tests.made_up_source import write_source

    write_source(tmp_path / "x.gguf", "qwen2")
    fill(monkeypatch)
    (tmp_path / "out").mkdir()
    with pytest.raises(Unavailable, match=r"x\.gguf, unpacked, takes"):
        source_model(str(tmp_path / "x.gguf"), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_room_is_looked_for_on_the_disk_that_a_folder_will_be_on(tmp_path: Path) -> None:
    check_space(tmp_path / "a" / "b" / "c", 1, "one byte")
    with pytest.raises(Unavailable, match=r"everything takes 1000000\.0 GB"):
        check_space(tmp_path / "a", 10**15, "everything")
