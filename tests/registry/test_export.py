"""Exports: what they hold, that they answer as their source does, and that none is ever half there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from errata.documents.params import Precision
from errata.documents.source_metadata import MetadataField, SourceMetadata
from errata.errors import BadInput, NotFound, Unavailable
from errata.inference.artefact import CONNECTORS, Card, read_training_transcripts, seal, verify
from errata.inference.source_metadata import source_metadata, write_source_metadata
from errata.workspace import Workspace
from registry.export.build import build, inherit
from registry.export.device import export_device
from registry.export.server import export_server
from registry.export.targets import export_anew
from tests.made_up_stream import make_watching_model

PROMPT = [7, 40, 41, 90, 17, 60]


def logits(folder: Path) -> np.ndarray:
    import torch
    from transformers import AutoModelForCausalLM

    with torch.inference_mode():
        return AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([PROMPT])).logits[0].numpy()


@pytest.fixture(scope="module")
def server(adapter: Path, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exports") / "server"
    export_server(adapter, models, out)
    return out


@pytest.fixture(scope="module", params=get_args(Precision))
def device(server: Path, request: pytest.FixtureRequest) -> Path:
    out = server.with_name(f"device-{request.param}")
    export_device(server, out, request.param)
    return out


def test_an_exported_full_model_gives_the_same_logits_in_plain_transformers(
    base: Path, models: Path, tmp_path: Path
) -> None:
    identity = export_server(base, models, tmp_path / "server")
    assert identity == verify(tmp_path / "server")
    np.testing.assert_array_equal(logits(tmp_path / "server"), logits(base))


def test_an_exported_adapter_is_merged_into_its_base(server: Path, adapter: Path, base: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    with torch.inference_mode():
        unmerged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter)
        expected = unmerged(torch.tensor([PROMPT])).logits[0].numpy()
    np.testing.assert_allclose(logits(server), expected, atol=1e-4)
    assert np.abs(logits(server) - logits(base)).max() > 0.1
    assert not list(server.glob("adapter*"))


def test_an_export_ends_where_the_tokenizer_says(server: Path, base: Path) -> None:
    from transformers import AutoTokenizer, GenerationConfig

    eos = AutoTokenizer.from_pretrained(server).eos_token_id
    assert GenerationConfig.from_pretrained(base).eos_token_id != eos, "the source must be wrong for this to show"
    assert GenerationConfig.from_pretrained(server).eos_token_id == eos
    assert json.loads((server / "config.json").read_text())["eos_token_id"] == eos


def test_an_export_keeps_how_it_is_asked_and_what_it_has_seen(base: Path, models: Path, tmp_path: Path) -> None:
    export_server(base, models, tmp_path / "server")
    assert Card.read(tmp_path / "server") == Card("inline", 256, "full", "", training_watermark=12)
    assert read_training_transcripts(tmp_path / "server") == read_training_transcripts(base) != frozenset()
    assert json.loads((tmp_path / "server" / "errata.json").read_text())["exported_from"] == verify(base)


def test_an_export_keeps_what_the_file_said_that_its_model_came_from(base: Path, models: Path, tmp_path: Path) -> None:
    source = SourceMetadata("x.gguf", "0" * 64, 4.5, 1, {}, {"general.name": MetadataField("STRING", "X")})
    model = Path(shutil.copytree(base, tmp_path / "model"))
    write_source_metadata(model, source)
    seal(model)
    export_server(model, models, tmp_path / "out")
    assert source_metadata(tmp_path / "out") == source


def test_exporting_again_gives_the_same_bytes_and_leaves_nothing_beside_them(
    server: Path, adapter: Path, models: Path, tmp_path: Path
) -> None:
    first = export_server(adapter, models, tmp_path / "out")
    assert first == export_server(adapter, models, tmp_path / "out") == verify(server)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_changed_file_is_not_exported(adapter: Path, models: Path, tmp_path: Path) -> None:
    shutil.copytree(adapter, tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    with pytest.raises(NotFound, match=r"adapter_config\.json"):
        export_server(tmp_path / "adapter", models, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_model_in_the_base_s_place_is_refused(adapter: Path, base: Path, tmp_path: Path) -> None:
    other = tmp_path / "models" / base.name
    shutil.copytree(base, other)
    Card("inline", 128).write(other)
    seal(other)
    with pytest.raises(NotFound, match="not the base"):
        export_server(adapter, tmp_path / "models", tmp_path / "out")


def test_a_build_that_fails_leaves_the_old_model_and_nothing_else(tmp_path: Path) -> None:
    def first(folder: Path) -> None:
        (folder / "weights").write_text("old")

    def fails(folder: Path) -> None:
        (folder / "weights").write_text("new")
        raise OSError("disk full")

    identity = build(tmp_path / "out", first)
    with pytest.raises(OSError, match="disk full"):
        build(tmp_path / "out", fails)
    assert verify(tmp_path / "out") == identity
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_build_left_does_not_get_into_the_next(tmp_path: Path) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "half").write_text("")
    (tmp_path / "out.old").mkdir()
    build(tmp_path / "out", lambda folder: None)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["manifest.json", "out"]


@pytest.mark.slow
def test_a_device_export_is_small_and_runs(device: Path, server: Path) -> None:
    from errata.inference.engine import Ask, Step
    from errata.inference.onnx import OnnxEngine

    def weigh(folder: Path, name: str) -> int:
        return (folder / name).stat().st_size

    share = 0.4 if device.name.endswith("int4") else 0.75  # the embedding stays whole
    assert weigh(device, "model.onnx.data") < share * weigh(server, "model.safetensors")
    assert Card.read(device) == Card("inline", 256, "onnx", "", training_watermark=40)
    engine = OnnxEngine(device)
    allowed = np.zeros(engine.vocabulary, dtype=np.bool_)
    allowed[[3, 8, 21]] = True

    def ask() -> Ask[int]:
        return (yield Step(PROMPT, allowed)).token

    def taking_back() -> Ask[list[int]]:
        first = (yield Step(PROMPT, allowed)).token
        yield Step([first, 40], allowed)
        return [first, (yield Step(PROMPT[-1:], allowed, take_back=3)).token]

    [answer] = engine.run([ask()])
    assert answer in {3, 8, 21} and engine.run([taking_back()]) == [[answer, answer]]


@pytest.mark.slow
def test_a_device_export_computes_what_the_server_s_does(device: Path, server: Path) -> None:
    import onnxruntime_genai as og
    from transformers import AutoTokenizer

    model = og.Model(str(device))
    generator = og.Generator(model, og.GeneratorParams(model))
    generator.append_tokens(np.array([PROMPT], dtype=np.int32))
    found = np.asarray(generator.get_logits()).reshape(-1)[-logits(server).shape[1] :]
    assert np.corrcoef(found, logits(server)[-1])[0, 1] > 0.9
    line = "so today <|new|> we talk"
    assert AutoTokenizer.from_pretrained(device).encode(line) == AutoTokenizer.from_pretrained(server).encode(line)


@pytest.mark.slow
def test_only_a_full_model_is_exported_for_a_device(adapter: Path, device: Path, models: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no full model"):
        export_device(adapter, tmp_path / "out", "int8")
    with pytest.raises(BadInput, match="already"):
        export_server(device, models, tmp_path / "out")


@pytest.mark.slow
def test_a_builder_that_fails_is_one_sentence_and_no_export(server: Path, tmp_path: Path) -> None:
    shutil.copytree(server, tmp_path / "odd")
    config = json.loads((tmp_path / "odd" / "config.json").read_text())
    (tmp_path / "odd" / "config.json").write_text(json.dumps(config | {"architectures": ["GPT2LMHeadModel"]}))
    seal(tmp_path / "odd")
    with pytest.raises(Unavailable, match=r"could not export the model for a device \(.+\); see") as raised:
        export_device(tmp_path / "odd", tmp_path / "out", "int8")
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["odd"]


def test_a_model_that_sees_takes_its_connectors_along(tmp_path: Path) -> None:
    make_watching_model(tmp_path / "watching")
    export_server(tmp_path / "watching", tmp_path, tmp_path / "server")
    assert Card.read(tmp_path / "server").senses
    before, after = ((tmp_path / name / CONNECTORS).read_bytes() for name in ("watching", "server"))
    assert before == after
    (tmp_path / "onnx").mkdir()
    with pytest.raises(BadInput, match="an ONNX model reads words alone"):
        inherit(tmp_path / "server", tmp_path / "onnx", "onnx")


def test_a_model_that_sees_is_refused_before_its_server_form_is_made(tmp_path: Path) -> None:
    make_watching_model(tmp_path / "watching")
    nowhere = Workspace(tmp_path)  # nothing of it is asked for
    with pytest.raises(BadInput, match=r"a \.gguf file reads words alone"):
        export_anew(nowhere, "gguf", tmp_path / "watching", tmp_path / "out")
