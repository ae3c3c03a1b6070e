"""The forms for servers: merged weights of each number type, 4 bits, and the adapter alone, as others load them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from errata.documents.model_summary import ModelOrigin
from errata.documents.params import NumberType
from errata.errors import BadInput
from errata.inference.artefact import Card, original_of, seal, verify
from errata.inference.engine import Ask, Step
from errata.inference.torch import TorchEngine
from registry.export.adapter import export_adapter
from registry.export.nf4 import export_nf4
from registry.export.server import export_server
from tests.made_up_model import make_adapter

PROMPT = [7, 40, 41, 90, 17, 60]
NEW = 12
CHAT = "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}"
PLAIN = """
import json, sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

found = {}
for folder in sys.argv[2:]:
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(1)
    said = model.generate(torch.tensor([json.loads(sys.argv[1])]), max_new_tokens=12)
    found[folder] = {
        "tokens": said[0].tolist(),
        "layer": type(model.model.layers[0].mlp.up_proj).__name__,
        "chat": tokenizer.apply_chat_template([{"role": "user", "content": "so today"}], tokenize=False),
    }
print(json.dumps({"found": found, "errata": any(name.partition(".")[0] == "errata" for name in sys.modules)}))
"""


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with a chat template, and an adapter on it, in a folder of models."""
    from transformers import AutoTokenizer

    models = tmp_path_factory.mktemp("trained")
    own = Path(shutil.copytree(base, models / "base"))
    tokenizer = AutoTokenizer.from_pretrained(own)
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(own)
    identity = seal(own)
    own.rename(models / identity[:16])
    make_adapter(models / "adapter", models / identity[:16], identity)
    return models


def base_of(models: Path) -> Path:
    return models / Card.read(models / "adapter").base[:16]


@pytest.fixture(scope="module")
def server(trained: Path) -> Path:
    export_server(trained / "adapter", trained, trained / "server")
    return trained / "server"


@pytest.fixture(scope="module")
def nf4(server: Path) -> Path:
    export_nf4(server, server.with_name("nf4"))
    return server.with_name("nf4")


def greedy(engine: TorchEngine) -> list[int]:
    """What Errata's own engine says after `PROMPT`, up to the end of sequence."""
    allowed = np.ones(engine.vocabulary, dtype=np.bool_)

    def ask() -> Ask[list[int]]:
        said = [(yield Step(PROMPT, allowed)).token]
        while len(said) < NEW and said[-1] != engine.tokenizer.eos_token_id:
            said.append((yield Step(said[-1:], allowed)).token)
        return said

    [said] = engine.run([ask()])
    return PROMPT + said


@pytest.mark.slow
def test_plain_transformers_loads_each_as_it_is_and_says_the_same(server: Path, nf4: Path, trained: Path) -> None:
    """In a process that never imports Errata: the same greedy tokens, and the chat template that it was trained by."""
    process = subprocess.run(
        [sys.executable, "-c", PLAIN, json.dumps(PROMPT), str(server), str(nf4)],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    printed = json.loads(process.stdout.splitlines()[-1])
    assert not printed["errata"]
    merged, quantised = printed["found"][str(server)], printed["found"][str(nf4)]
    assert merged["tokens"] == greedy(TorchEngine(base_of(trained), trained / "adapter")) == greedy(TorchEngine(server))
    assert quantised["tokens"] == greedy(TorchEngine(nf4))
    assert (merged["layer"], quantised["layer"]) == ("Linear", "Linear4bit")
    assert merged["chat"] == quantised["chat"] == "<user>so today"


@pytest.mark.parametrize(("number_type", "stored"), [("base", "F32"), ("bf16", "BF16"), ("fp16", "F16")])
def test_the_weights_are_of_the_number_type_that_is_asked_for(
    trained: Path, tmp_path: Path, number_type: NumberType, stored: str
) -> None:
    from safetensors import safe_open
    from transformers import AutoConfig

    export_server(trained / "adapter", trained, tmp_path / "out", number_type)
    with safe_open(tmp_path / "out" / "model.safetensors", "pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {stored}  # noqa: SIM118 - no mapping
    expected = {"base": "float32", "bf16": "bfloat16", "fp16": "float16"}[number_type]
    assert str(AutoConfig.from_pretrained(tmp_path / "out").dtype) == f"torch.{expected}"


def test_four_bits_are_fewer_and_the_embedding_stays_whole(nf4: Path, server: Path, trained: Path) -> None:
    def weigh(folder: Path) -> int:
        return (folder / "model.safetensors").stat().st_size

    assert weigh(nf4) < 0.75 * weigh(server)
    assert (Card.read(nf4).form, original_of(nf4)) == ("full", verify(trained / "adapter"))
    settings = json.loads((nf4 / "config.json").read_text())["quantization_config"]
    assert (settings["bnb_4bit_quant_type"], settings["bnb_4bit_use_double_quant"]) == ("nf4", True)
    assert not TorchEngine(nf4).forkable, "bitsandbytes' own threads don't outlive a fork"
    with pytest.raises(BadInput, match="no full model"):
        export_nf4(trained / "adapter", nf4.with_name("none"))


def test_peft_loads_the_adapter_alone_on_its_base(trained: Path, tmp_path: Path, server: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    export_adapter(trained / "adapter", trained, tmp_path / "out")
    on_base = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_of(trained)), tmp_path / "out")
    merged = AutoModelForCausalLM.from_pretrained(server)
    with torch.inference_mode():
        found, expected = (model(torch.tensor([PROMPT])).logits[0].numpy() for model in (on_base, merged))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert AutoTokenizer.from_pretrained(tmp_path / "out").chat_template == CHAT
    assert (Card.read(tmp_path / "out").form, Card.read(tmp_path / "out").base) == ("adapter", verify(base_of(trained)))
    assert original_of(tmp_path / "out") == verify(trained / "adapter")


def test_a_base_of_the_hub_is_named_as_the_hub_names_it(trained: Path, tmp_path: Path) -> None:
    hub = ModelOrigin("hub", "google/gemma-3-270m", "9" * 40)
    export_adapter(trained / "adapter", trained, tmp_path / "hub", hub)
    config = json.loads((tmp_path / "hub" / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == ("google/gemma-3-270m", "9" * 40)
    export_adapter(trained / "adapter", trained, tmp_path / "folder", ModelOrigin("folder", "/home/ann/model", ""))
    assert "/home" not in (tmp_path / "folder" / "adapter_config.json").read_text(), "a path says who works where"


def test_a_whole_model_has_no_adapter_to_give(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"is a whole model, and no adapter; take adapter from export\.targets"):
        export_adapter(base_of(trained), trained, tmp_path / "out")
    assert not (tmp_path / "out").exists()
