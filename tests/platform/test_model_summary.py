"""What `errata init` says of a model: what it is, what was chosen and why, and what a night will take."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from errata.documents.model_summary import ModelOrigin, ModelSummary, NightEstimate
from errata.inference.artefact import CARD, Card
from errata.inference.machine_speed import MachineSpeed, measure_speed
from errata.inference.model_shape import ModelShape, linear_layers
from errata.loop.model_source import SourceModel
from errata.loop.model_summary import summarise_model
from errata.loop.night_estimate import EFFICIENCY, estimate_night
from errata.tasks.templates import TEMPLATES
from errata.wording.model_sentences import model_lines
from errata.workspace import Workspace
from retrain.training_memory import training_memory
from tests.made_up_model import make_model, make_tokenizer

CHAT = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|me|>"
SPEED = MachineSpeed("cpu", 1e11, 2e11, 1e10)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    make_model(folder, template="indexed", context=1024)
    (folder / CARD).unlink()
    (folder / "README.md").write_text("---\nlicense: cc0-1.0\n---\nA model.\n")
    return folder


@pytest.fixture(autouse=True)
def no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("errata.loop.model_summary.measure_speed", lambda threads: SPEED)


def summary(
    folder: Path, laid_out: Path, template: str | None = None, context: int | None = None, card: Card | None = None
) -> ModelSummary:
    source = SourceModel(folder, ModelOrigin("folder", str(folder), ""))
    asked = card or Card(template or "indexed", context or 1024)
    return summarise_model(source, asked, Workspace(laid_out).params(), template, context)


def test_it_says_what_the_model_is_and_what_was_chosen(made: Path, laid_out: Path) -> None:
    found = summary(made, laid_out)
    assert (found.architecture, found.number_type, found.licence) == ("LlamaForCausalLM", "float32", "cc0-1.0")
    assert 100_000 < found.parameters < 300_000
    assert (found.template, found.template_reason, found.chat) == ("indexed", "default", False)
    assert (found.context, found.context_reason, found.longest) == (1024, "default", 2048)
    assert found.layers == ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    rank, hidden, small, inner = 16, 128, 64, 192
    pairs = [(hidden, hidden), (small, hidden), (small, hidden), (hidden, hidden), *[(inner, hidden)] * 3]
    assert found.trainable == sum(rank * (first + second) for first, second in pairs)


@pytest.mark.parametrize(
    ("template", "context", "reasons"),
    [
        (None, 2048, ("default", "command")),
        ("json", None, ("command", "default")),
    ],
)
def test_it_says_who_chose(
    made: Path, laid_out: Path, template: str | None, context: int | None, reasons: tuple[str, str]
) -> None:
    found = summary(made, laid_out, template, context)
    assert (found.template_reason, found.context_reason) == reasons


def test_a_model_with_a_card_is_asked_as_it_says_and_one_that_sees_little_whole(
    made: Path, laid_out: Path, tmp_path: Path
) -> None:
    assert summary(made, laid_out, card=Card("indexed", 2048)).context_reason == "longest"
    folder = Path(shutil.copytree(made, tmp_path / "own"))
    Card("timestamps", 512).write(folder)
    found = summary(folder, laid_out, card=Card.read(folder))
    assert (found.template_reason, found.context_reason) == ("card", "card")


def test_a_chat_template_is_worn_and_a_missing_pad_token_said(made: Path, laid_out: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "chat"))
    tokenizer = make_tokenizer(spaced=False)
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "pad_token"}))
    found = summary(folder, laid_out)
    assert found.chat and not found.padding
    lines = dict(model_lines(found))
    assert "own chat template goes around it" in lines["template"]
    assert "rows pass one at a time" in lines["padding"]
    assert "plain text" in dict(model_lines(replace(found, chat=False)))["template"]


def test_the_work_is_that_of_the_formula(made: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(made)
    shape = ModelShape.of(model)
    body = 2 * 128 * 128 + 2 * 64 * 128 + 3 * 192 * 128
    assert shape.linear == body and "lm_head" not in linear_layers(model)
    words = model.config.vocab_size
    forward = 2 * body * 100 + 2 * 1 * 128 * 100**2
    assert shape.pass_operations(100, 10) == forward + 2 * words * 128 * 10
    lora = 2 * 2 * body * 100 + 3 * 2 * 128 * 100**2 + 2 * 2 * words * 128 * 10
    assert shape.step_operations(100, 10, "lora") == lora
    assert shape.step_operations(100, 10, "full") == 3 * (forward + 2 * words * 128 * 10)
    full, adapter = (shape.training_memory(100, 10, method, 16, 4) for method in ("full", "lora"))
    assert full > adapter > 4 * shape.parameters


def test_a_night_takes_longer_with_more_to_train_on_and_a_slower_machine(made: Path, laid_out: Path) -> None:
    from transformers import AutoModelForCausalLM

    shape, params = ModelShape.of(AutoModelForCausalLM.from_pretrained(made)), Workspace(laid_out).params()
    card, tokenizer = Card("indexed", 1024), make_tokenizer(spaced=False)
    night = estimate_night(shape, card, params, tokenizer, SPEED)
    assert night.corrections == 100 and night.tokens <= 1024
    assert night.windows == params.train.max_steps * params.train.batch, "the recipe bounds it"
    slow = estimate_night(shape, card, params, tokenizer, replace(SPEED, operations=SPEED.operations / 2))
    assert slow.training_seconds == pytest.approx(2 * night.training_seconds)
    long = replace(params, train=replace(params.train, max_steps=2 * params.train.max_steps))
    assert estimate_night(shape, card, long, tokenizer, SPEED).windows == 2 * night.windows


def test_a_night_is_estimated_in_the_numbers_that_it_will_train_in(made: Path, laid_out: Path) -> None:
    """As preflight counts its memory, with the recipe's own precision; answers are in fp32 on a CPU either way."""
    shape, params, tokenizer = ModelShape.of_folder(made), Workspace(laid_out).params(), make_tokenizer(spaced=False)
    nights = {
        precision: estimate_night(
            shape,
            Card("indexed", 1024),
            replace(params, train=replace(params.train, precision=precision)),
            tokenizer,
            SPEED,
        )
        for precision in ("fp32", "bf16")
    }
    full, half = nights["fp32"], nights["bf16"]
    assert (full.precision, half.precision) == ("fp32", "bf16")
    faster = SPEED.bf16_operations / SPEED.operations * EFFICIENCY["bf16"] / EFFICIENCY["fp32"]
    assert half.training_seconds == pytest.approx(full.training_seconds / faster)
    assert half.answering_seconds == full.answering_seconds
    needs = {name: training_memory(shape, params.train, name, full.tokens, 0) for name in ("fp32", "bf16")}
    assert half.memory - full.memory == needs["bf16"] - needs["fp32"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_night_is_estimated_for_every_template(template: str, made: Path, laid_out: Path) -> None:
    from transformers import AutoModelForCausalLM

    shape, params = ModelShape.of(AutoModelForCausalLM.from_pretrained(made)), Workspace(laid_out).params()
    night = estimate_night(shape, Card(template, 512), params, make_tokenizer(spaced=False), SPEED)
    assert 0 < night.tokens <= 512 and night.training_seconds > 0 and night.answering_seconds > 0


def test_the_machine_is_measured_in_a_second() -> None:
    import time

    import torch

    threads, began = torch.get_num_threads(), time.perf_counter()
    speed = measure_speed(threads=1)
    assert min(speed.operations, speed.bf16_operations) > 1e8 and speed.bandwidth > 1e7
    assert torch.get_num_threads() == threads
    assert time.perf_counter() - began < 20, "a busy machine measures longer"


def test_it_is_said_in_a_few_lines() -> None:
    night = NightEstimate(
        corrections=100,
        windows=200,
        tokens=1500,
        training_seconds=2900,
        answering_seconds=7000,
        memory=2_600_000_000,
        device="cpu",
        operations=9e10,
    )
    gemma = ModelSummary(
        origin=ModelOrigin("gguf", "gemma.gguf", "a5fd3b62" * 8),
        architecture="Gemma3ForCausalLM",
        parameters=268_098_176,
        number_type="bfloat16",
        bits=7.46,
        licence="gemma",
        template="indexed",
        template_reason="default",
        chat=False,
        context=2048,
        context_reason="command",
        longest=32768,
        layers=("q_proj", "down_proj"),
        trainable=3_800_000,
        padding=True,
        night=night,
    )
    lines = model_lines(gemma)
    assert [name for name, _ in lines] == ["model", "licence", "template", "context", "trained", "a night"]
    said = dict(lines)
    assert said["model"].startswith("Gemma3ForCausalLM, 268.1 million weights in bfloat16, from gemma.gguf (sha256 a5")
    assert "dequantised from 7.5 bits a weight, of which bf16 rounds off little" in said["model"]
    assert said["context"] == "2,048 tokens, as you said; it can see 32,768"
    assert "about 48 minutes of training (200 windows of 1,500 tokens) and 1.9 hours of answers" in said["a night"]
    assert "90 GFLOP/s in fp32" in said["a night"] and "estimated" in said["a night"]
    hub = replace(gemma, origin=ModelOrigin("hub", "google/gemma-3-270m", "9b0cfec892e2bc2afd938c98eabe4e4a7b1e0ca1"))
    assert "from google/gemma-3-270m at commit 9b0cfec892e2" in dict(model_lines(hub))["model"]
    assert "not named" in dict(model_lines(replace(gemma, licence="")))["licence"]
