"""Nothing that could run code lies in a model's folder, whatever it is called, and nothing leads out of it."""

from __future__ import annotations

import ast
import gzip
import io
import json
import os
import pickle
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from errata.errors import NotFound
from errata.files import file_sha256
from errata.inference.artefact import MANIFEST, Card, seal, verify
from errata.inference.harmful_files import harm
from errata.project_files import embedded_model
from tests.platform.test_names import modules

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["model.safetensors", "model.onnx.data", "tokenizer.json", "README.md", "weights"])


class Command:
    """Unpickled, it would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    Card("inline", 512).write(folder)
    (folder / "config.json").write_text("{}")
    seal(folder)
    return folder


@settings(max_examples=25)
@given(value=PLAIN, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL), name=NAMES, tail=st.binary(max_size=9))
@example(value="a\nb", protocol=0, name="README.md", tail=b"")
def test_a_pickle_of_any_protocol_is_found(place: Path, value: object, protocol: int, name: str, tail: bytes) -> None:
    """The old ones, which have no mark, where they are a whole file or call something."""
    data = pickle.dumps(value, protocol)
    (place / name).write_bytes(data + (tail if protocol >= 2 else b""))
    assert name in harm(place / name)


@settings(max_examples=25)
@given(protocol=st.integers(0, pickle.HIGHEST_PROTOCOL), name=NAMES, tail=st.binary(max_size=20))
def test_a_pickle_that_calls_something_is_found_whatever_follows_it(
    place: Path, protocol: int, name: str, tail: bytes
) -> None:
    (place / name).write_bytes(pickle.dumps(Command(), protocol) + tail)
    assert name in harm(place / name)


@settings(max_examples=25)
@given(text=st.text(max_size=200))
def test_json_and_markdown_are_no_pickles(place: Path, text: str) -> None:
    for name, content in (("a.json", json.dumps({"text": text})), ("a.md", f"# {text}\n"), ("b.md", f"---\n{text}")):
        (place / name).write_text(content, encoding="utf-8")
        assert not harm(place / name)


@pytest.mark.parametrize(
    "text", ["N.B. of the licence\n", ".\n", "", "(see below)\n", "I.\nFirst\n", "V. Fifth part\n"]
)
def test_a_text_that_begins_like_a_pickle_is_none(place: Path, text: str) -> None:
    (place / "LICENSE").write_text(text)
    assert not harm(place / "LICENSE")


def _archives() -> dict[str, bytes]:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("../../evil", "x")
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../evil"))
    objects, numbers = io.BytesIO(), io.BytesIO()
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    np.savez(numbers, np.zeros(2))
    return {
        "zip": zipped.getvalue(),
        "tar": tarred.getvalue(),
        "gzip": gzip.compress(b"x"),
        "program": Path(sys.executable).resolve().read_bytes()[:4096],
        "array of objects": objects.getvalue(),
        "npz": numbers.getvalue(),
    }


@pytest.mark.parametrize("name", ["model.safetensors", "notes.txt", "tokenizer.json"])
@pytest.mark.parametrize("kind", list(_archives()))
def test_archives_programs_and_arrays_of_objects_are_refused(place: Path, kind: str, name: str) -> None:
    (place / name).write_bytes(_archives()[kind])
    assert name in harm(place / name)


def test_an_array_of_numbers_is_taken(place: Path) -> None:
    np.save(place / "numbers.npy", np.zeros((2, 3), np.float16))
    assert not harm(place / "numbers.npy")


@settings(max_examples=25)
@given(header=st.binary(max_size=60))
def test_an_array_whose_header_nobody_can_read_is_refused(place: Path, header: bytes) -> None:
    (place / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert harm(place / "x.npy")


@settings(max_examples=25)
@given(data=st.binary(max_size=64))
@example(data=b"\xff" * 16)
@example(data=(2**40).to_bytes(8, "little") + b"{}")
@example(data=(2).to_bytes(8, "little") + b"[]")
def test_weights_without_the_header_of_safetensors_are_refused(place: Path, data: bytes) -> None:
    (place / "w.safetensors").write_bytes(b"\x01" + data)
    assert "no such header" in harm(place / "w.safetensors")


def test_a_harmful_file_is_refused_although_it_was_sealed_by_whoever_made_it(model: Path) -> None:
    (model / "config.json").write_bytes(pickle.dumps(Command()))
    manifest = json.loads((model / MANIFEST).read_text())
    manifest["config.json"]["sha256"] = file_sha256(model / "config.json")
    (model / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(NotFound, match=r"config\.json is a pickle"):
        verify(model)


@pytest.mark.parametrize("name", ["config.json", MANIFEST, "below/extra", "nowhere"])
def test_a_link_is_refused_wherever_it_leads(model: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    if (model / name).exists():
        (model / name).rename(outside)
    elif name != "nowhere":
        outside.write_text("{}")
    (model / name).parent.mkdir(exist_ok=True)
    (model / name).symlink_to(outside)
    with pytest.raises(NotFound, match="is a link"):
        verify(model)


def test_a_folder_that_is_a_link_is_refused_too(model: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (model / "below").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotFound, match="below is a link"):
        verify(model)


def test_a_pipe_is_no_file_of_a_model(model: Path) -> None:
    os.mkfifo(model / "pipe")
    with pytest.raises(NotFound, match="no plain file"):
        verify(model)


@settings(max_examples=25)
@given(
    name=st.sampled_from(["../secret", "/etc/hostname", "a/../../secret", "..", "below/../../secret"]),
    more=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=5),
)
def test_a_manifest_that_names_a_place_outside_is_refused(place: Path, name: str, more: str) -> None:
    Card("inline", 512).write(place / "model")
    seal(place / "model")
    manifest = json.loads((place / "model" / MANIFEST).read_text())
    manifest[name + more] = {"sha256": "0" * 64, "bytes": 0}
    (place / "model" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(NotFound, match=r"outside the model|missing"):
        verify(place / "model")


UNPICKLING = {"torch.load", "pickle.load", "pickle.loads", "joblib.load", "dill.load", "dill.loads", "yaml.unsafe_load"}
UNPACKING = ("extract", "extractall", "unpack_archive")
"""Nothing is unpacked: an archive in a model's folder is refused."""
LIKENESS = "process.extract"
"""RapidFuzz's, of names that are alike."""
UNSAFE_OPTIONS = {"trust_remote_code", "allow_pickle", "weights_only"}
"""Of these, `weights_only` alone is safe where it is on; none is used with what would be unsafe."""


def of_tensors_alone(call: ast.Call) -> bool:
    """`torch.load` that says so itself, whatever torch's default is."""
    options = {option.arg: ast.unparse(option.value) for option in call.keywords}
    return ast.unparse(call.func) == "torch.load" and options.get("weights_only") == "True"


def test_nothing_in_the_product_unpickles_or_runs_code_of_a_model() -> None:
    found = []
    for _, path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in UNPICKLING and not of_tensors_alone(node):
                found.append(f"{path}: {ast.unparse(node.func)}")
            if isinstance(node, ast.Attribute) and node.attr in UNPACKING and ast.unparse(node) != LIKENESS:
                found.append(f"{path}: {ast.unparse(node)}")
            if isinstance(node, ast.keyword) and node.arg in UNSAFE_OPTIONS:
                is_safe = ast.unparse(node.value) == str(node.arg == "weights_only")
                found += [] if is_safe else [f"{path}: {node.arg}={ast.unparse(node.value)}"]
    assert found == []


def test_the_embedded_model_holds_nothing_of_the_kind() -> None:
    verify(embedded_model())
