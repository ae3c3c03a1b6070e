"""`errata compare` on folders of weights: every form, and what is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from errata.errors import BadInput, NotFound, Unavailable
from errata.inference.artefact import CARD, MANIFEST, TRAINING_TRANSCRIPTS, Card, verify
from errata.workspace import Workspace
from tests.evaluation.comparing import compare, refused, run_a_night
from tests.made_up_answers import corrected
from tests.made_up_gguf import write_gguf


def bare(folder: Path, out: Path) -> Path:
    """As somebody else would have it."""
    shutil.copytree(folder, out)
    for name in (CARD, MANIFEST, TRAINING_TRANSCRIPTS):
        (out / name).unlink(missing_ok=True)
    return out


def test_folders_of_every_form(workspace: Workspace, weights: Path, tmp_path: Path) -> None:
    """A full model, its GGUF and its adapter, sealed by us or not: the same weights give the same scores."""
    corrected(workspace.record, ["t0", "t1", "t2"], channels=3, lines=3)
    run_a_night(workspace, "one")
    identity = verify(weights / "full")
    shutil.copytree(weights / "full", workspace.models / identity[:16])
    with workspace.record.write() as store:
        store.aliases.assign_alias("day0", identity, "day0", "test", None, None)
    write_gguf(weights / "full", tmp_path / "gguf")
    full, adapter = bare(weights / "full", tmp_path / "full"), bare(weights / "adapter", tmp_path / "adapter")
    found = {
        name: compare(workspace, path, "day0", "--template", "inline:256")
        for name, path in {
            "sealed": weights / "full",
            "full": full,
            "gguf": tmp_path / "gguf",
            "gguf file": tmp_path / "gguf" / "model-F32.gguf",
            "adapter": adapter,
            "sealed adapter": weights / "adapter",
        }.items()
    }
    assert found["sealed"]["a"]["model"] == identity
    for name in ("sealed", "full", "gguf", "gguf file"):
        assert found[name]["metrics"]["f1"]["difference"]["effect"] == 0, name
        assert found[name]["a"]["kind"] == "folder" and not found[name]["a"]["foreign"]
    assert found["gguf"]["a"]["model"] == found["gguf file"]["a"]["model"] != found["full"]["a"]["model"] != identity
    assert found["adapter"]["metrics"]["f1"]["a"] == found["sealed adapter"]["metrics"]["f1"]["a"]
    assert found["adapter"]["a"]["template"] == "inline@1 limits@1"
    assert list((workspace.root / "work").iterdir()) == [], "nothing is left behind"
    with workspace.record.read() as store:
        assert store.counts()["predictions"] == 3 * 5, "two are one model, and each is asked once"


@pytest.mark.parametrize(
    ("files", "form"),
    [
        (["genai_config.json", "model.onnx", "config.json"], "onnx"),
        (["adapter_config.json", "adapter_model.safetensors"], "adapter"),
        (["config.json", "model.safetensors"], "full"),
        (["config.json", "tokenizer.json", "x-Q4_K_M.gguf"], "gguf"),
    ],
)
def test_what_a_folder_holds_is_told_by_its_files(
    workspace: Workspace, right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], form: str
) -> None:
    corrected(workspace.record, ["t"])
    run_a_night(workspace, "two")
    loaded: list[str] = []

    def load(folder: Path, *_: object) -> None:
        loaded.append(Card.read(folder).form)
        raise Unavailable("no engine here")

    monkeypatch.setattr("errata.inference.model.load", load)
    (tmp_path / "model").mkdir()
    for name in files:
        (tmp_path / "model" / name).write_bytes((2).to_bytes(8, "little") + b"{}")
    refused(workspace, Unavailable, tmp_path / "model", "champion")
    assert loaded == [form]


def test_a_folder_without_a_model_is_one_sentence(
    workspace: Workspace, talks: list[int], right: str, tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    assert "holds no model" in refused(workspace, BadInput, tmp_path / "nothing", "champion")
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / "nothing" / name).write_bytes(b"GGUF")
    said_so = refused(workspace, BadInput, tmp_path / "nothing", "champion")
    assert "2 .gguf files" in said_so and "a.gguf" in said_so
    assert "'nobody'" in refused(workspace, NotFound, "nobody", "champion")
