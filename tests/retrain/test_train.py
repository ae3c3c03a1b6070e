"""The candidate: it learns, a run cut short ends where a whole one does, and what comes out holds no code."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

from errata.database.record import Record
from errata.documents.file_names import CANDIDATE, MIXTURE, NO_CANDIDATE, PARAMS, TRAINING, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.params import Recipe, read_params
from errata.errors import BadInput, Refused, Unavailable
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, read_training_transcripts, store_model, verify
from errata.inference.load import load as load_engine
from errata.settings import FILE
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.task import examples
from errata.tasks.template import Reading
from retrain import train as stage
from retrain import trainer
from retrain.backends.start import Start
from retrain.backends.trainable import trainable_model
from retrain.checkpoints import CHECKPOINT_SEAL, CHECKPOINTS, newest_checkpoint
from retrain.precision import precision_of
from retrain.saving import save
from retrain.trainer import train
from tests.killed_training import begun, kill_when, sealed
from tests.made_up_model import familiar_talk, make_model, make_tokenizer
from tests.made_up_params import write_params
from tests.made_up_recipe import LORA
from tests.made_up_record import chapters, correction, talk

CARD = Card("inline", 256)
FULL = replace(LORA, method="full", learning_rate=2e-3)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    identity = make_model(folder / "new")
    (folder / "new").rename(folder / identity[:16])
    return folder


@pytest.fixture(scope="module")
def base(models: Path) -> Path:
    return next(models.iterdir())


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen rows that say the same four things over and over."""
    task = ChapterTask(templates.find("inline"), make_tokenizer(), 256)
    encoded = []
    for number in range(16):
        right = Reading(chapters(0, 30, by="Gardens"))
        (example,) = examples(task, familiar_talk("t", number), right)
        encoded.append({"input_ids": list(example.encoded.input_ids), "labels": list(example.encoded.labels)})
    path = tmp_path_factory.mktemp("rows") / "train.parquet"
    schema = pa.schema([("input_ids", pa.list_(pa.int32())), ("labels", pa.list_(pa.int32()))])
    pq.write_table(pa.Table.from_pylist(encoded, schema=schema), path)
    return path


Run = tuple[Any, list[dict[str, Any]]]
"""The model, and the log of its training."""


@pytest.fixture(scope="module")
def runs(base: Path, rows: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Whole trainings from the base, for all tests that need no more than to look at one."""
    return {
        recipe.method: train(rows, Start(base, None), recipe, CARD, tmp_path_factory.mktemp(recipe.method) / "work")
        for recipe in (LORA, FULL)
    }


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def words_in(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("*.json"))


def suffixes(folder: Path) -> set[str]:
    return {path.suffix for path in folder.rglob("*") if path.is_file()}


def losses(log: Sequence[dict[str, Any]]) -> list[float]:
    return [entry["loss"] for entry in log]


def test_lora_learns_and_leaves_an_adapter_that_names_no_machine(
    base: Path, models: Path, runs: dict[str, Run], tmp_path: Path
) -> None:
    model, log = runs["lora"]
    found = losses(log)
    assert len(found) == 8
    assert sum(found[-2:]) < 0.8 * sum(found[:2])
    out = tmp_path / "candidate"
    card = Card("inline", 256, form="adapter", base=verify(base), training_watermark=30)
    identity = save(model, out, card, {"rows": 16}, base)
    assert identity == verify(out)
    assert Card.read(out) == card
    assert json.loads((out / "errata.json").read_text())["rows"] == 16
    assert suffixes(out) == {".safetensors", ".json"}
    assert (out / "adapter_model.safetensors").is_file()
    config = (out / "adapter_config.json").read_text()
    assert json.loads(config)["base_model_name_or_path"] == verify(base)
    for place in (tmp_path, models, Path.home()):
        assert str(place) not in words_in(out)
    assert load_engine(out, models).vocabulary == load_engine(base, models).vocabulary


def test_a_full_training_leaves_a_model_that_stands_alone(base: Path, runs: dict[str, Run], tmp_path: Path) -> None:
    model, log = runs["full"]
    assert losses(log)[-1] < losses(log)[0]
    out = tmp_path / "candidate"
    save(model, out, Card("inline", 256, training_watermark=30), {}, base)
    assert suffixes(out) <= {".safetensors", ".json", ".jinja"}
    assert str(base) not in words_in(out) and str(tmp_path) not in words_in(out)
    learned, before = (weights(AutoModelForCausalLM.from_pretrained(folder)) for folder in (out, base))
    assert equal(learned, weights(model)) and not equal(learned, before)
    assert AutoTokenizer.from_pretrained(out).get_vocab() == AutoTokenizer.from_pretrained(base).get_vocab()


class _Stopped(Exception):
    pass


class _StopAfter(TrainerCallback):
    """As a crash would: after a step, past a checkpoint."""

    def __init__(self, step: int) -> None:
        self._step = step

    def on_step_end(self, _: Any, state: Any, __: Any, **___: Any) -> None:
        if state.global_step == self._step:
            raise _Stopped


@pytest.mark.parametrize("recipe", [LORA, FULL], ids=["lora", "full"])
def test_a_run_cut_short_ends_in_the_same_bits_as_a_whole_one(
    recipe: Recipe,
    base: Path,
    rows: Path,
    runs: dict[str, Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, log = runs[recipe.method]
    with monkeypatch.context() as patched:
        patched.setattr(trainer, "training_progress", lambda _: _StopAfter(6))
        with pytest.raises(_Stopped):
            train(rows, Start(base, None), recipe, CARD, tmp_path / "cut")
    assert [path.name for path in (tmp_path / "cut").glob("checkpoint-*")] == ["checkpoint-5"]
    shutil.copytree(tmp_path / "cut" / "checkpoint-5", tmp_path / "cut" / "checkpoint-6")
    (tmp_path / "cut" / "checkpoint-6" / "trainer_state.json").unlink()  # written last: killed as it was saving
    (tmp_path / "cut" / "checkpoint-6" / CHECKPOINT_SEAL).unlink()
    torch.manual_seed(99)
    resumed, resumed_log = train(rows, Start(base, None), recipe, CARD, tmp_path / "cut")
    assert equal(weights(resumed), weights(whole))
    assert losses(resumed_log) == losses(log)


@pytest.mark.parametrize("stage", [sealed, begun])
@pytest.mark.parametrize("recipe", [LORA, FULL], ids=["lora", "full"])
def test_a_killed_run_ends_in_the_same_bits_as_a_whole_one(
    recipe: Recipe, stage: Any, base: Path, rows: Path, runs: dict[str, Run], tmp_path: Path
) -> None:
    whole, log = runs[recipe.method]
    kill_when(lambda: train(rows, Start(base, None), recipe, CARD, tmp_path), stage(tmp_path, 5))
    resumed, resumed_log = train(rows, Start(base, None), recipe, CARD, tmp_path)
    assert equal(weights(resumed), weights(whole))
    assert losses(resumed_log) == losses(log)


def test_where_steps_take_long_checkpoints_come_by_time(
    base: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrain.checkpoints.AT_MOST_LOST", 0.0)
    kill_when(lambda: train(rows, Start(base, None), LORA, CARD, tmp_path), sealed(tmp_path, 2))
    assert newest_checkpoint(tmp_path) == str(tmp_path / "checkpoint-2")


def test_of_a_damaged_checkpoint_the_one_before_is_taken(
    base: Path, rows: Path, runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trainer, "training_progress", lambda _: _StopAfter(11))
        with pytest.raises(_Stopped):
            train(rows, Start(base, None), replace(LORA, epochs=1.5), CARD, tmp_path)
    newest, before = tmp_path / "checkpoint-10", tmp_path / "checkpoint-5"
    assert newest_checkpoint(tmp_path) == str(newest) and before.is_dir()
    optimiser = newest / "optimizer.pt"
    optimiser.write_bytes(optimiser.read_bytes()[:-100])
    capsys.readouterr()
    assert newest_checkpoint(tmp_path) == str(before)
    said = " ".join(capsys.readouterr().err.split())
    assert "checkpoint-10 is damaged (optimizer.pt was changed)" in said and "the one before" in said


def test_a_checkpoint_that_has_no_room_is_not_begun(
    base: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrain.checkpoints.free_bytes", lambda _: 1000)
    with pytest.raises(Unavailable, match=r"a checkpoint .* takes .* and 1\.0 kB are free at .*; make room"):
        train(rows, Start(base, None), LORA, CARD, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_seed_decides_everything(base: Path, rows: Path, runs: dict[str, Run], tmp_path: Path) -> None:
    def of(seed: int, place: str) -> dict[str, torch.Tensor]:
        torch.manual_seed(torch.seed() % 1000)
        return weights(train(rows, Start(base, None), replace(FULL, seed=seed), CARD, tmp_path / place)[0])

    seven = weights(runs["full"][0])
    assert equal(of(7, "seven"), seven)
    assert not equal(of(8, "eight"), seven)


@pytest.mark.filterwarnings("error:Could not find a config file")
def test_training_goes_on_from_an_adapter(base: Path, rows: Path, runs: dict[str, Run], tmp_path: Path) -> None:
    model, log = runs["lora"]
    card = Card("inline", 256, form="adapter", base=verify(base))
    save(model, tmp_path / "adapter", card, {}, base)
    start = Start(base, tmp_path / "adapter")
    again, more = train(rows, start, LORA, CARD, tmp_path / "second")
    assert losses(more)[0] < losses(log)[0], "it begins where the adapter had got to"
    assert weights(again).keys() == weights(model).keys()
    merged, from_merged = train(rows, start, FULL, CARD, tmp_path / "third")
    assert losses(from_merged)[0] == pytest.approx(losses(more)[0], rel=0.05)
    assert not any("lora" in name for name in weights(merged))


def test_four_bits_learn_on_a_processor_too(base: Path, rows: Path, tmp_path: Path) -> None:
    model, log = train(rows, Start(base, None), replace(LORA, method="qlora"), CARD, tmp_path / "checkpoints")
    assert sum(losses(log)[-2:]) < 0.9 * sum(losses(log)[:2])
    assert weights(model) and all("lora" in name for name in weights(model))
    save(model, tmp_path / "out", Card("inline", 256, form="adapter", base=verify(base)), {}, base)
    assert suffixes(tmp_path / "out") == {".safetensors", ".json"}
    assert str(base) not in words_in(tmp_path / "out")


VARIANTS = {
    "dora": replace(LORA, dora=True),
    "rslora": replace(LORA, rslora=True),
    "lora plus": replace(LORA, lora_plus=4.0, learning_rate=1e-2),
    "entries": replace(LORA, entry_weight=2.0),
    "bf16": replace(LORA, precision="bf16"),
    "full bf16": replace(FULL, precision="bf16"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_learns_and_what_learns_is_in_fp32(name: str, base: Path, rows: Path, tmp_path: Path) -> None:
    model, log = train(rows, Start(base, None), replace(VARIANTS[name], max_steps=6), CARD, tmp_path / "work")
    assert losses(log)[-1] < losses(log)[0]
    assert {weight.dtype for weight in weights(model).values()} == {torch.float32}
    if name == "bf16":
        assert next(weight for weight in model.parameters() if not weight.requires_grad).dtype == torch.bfloat16


def test_only_the_last_layers_get_an_adapter_where_that_is_asked(base: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = AutoModelForCausalLM.from_pretrained(base).config
    config.num_hidden_layers = 3
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "base")
    for asked, layers in ((2, {"1", "2"}), (0, {"0", "1", "2"}), (9, {"0", "1", "2"})):
        model = trainable_model(Start(tmp_path / "base", None), replace(LORA, layers=asked), 256)
        assert {name.partition(".layers.")[2][0] for name in weights(model)} == layers


@pytest.mark.parametrize(
    ("capabilities", "parameters", "expected"),
    [
        ({"avx512_bf16": True}, 60_000_000, "bf16"),
        ({"amx_bf16": True}, 60_000_000, "bf16"),
        ({"avx512_bf16": True}, 1_000_000, "fp32"),
        ({"avx2": True}, 60_000_000, "fp32"),
    ],
)
def test_a_processor_computes_in_bf16_where_it_has_it_and_the_model_is_large(
    capabilities: dict[str, Any], parameters: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr("retrain.precision.best_device", lambda: "cpu")
    assert precision_of(LORA, parameters) == expected
    assert precision_of(replace(LORA, precision="fp32"), parameters) == "fp32"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_unsloth_without_a_gpu_says_what_to_do(base: Path, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"train\.backend to transformers") as refused:
        train(rows, Start(base, None), replace(LORA, backend="unsloth"), CARD, tmp_path / "checkpoints")
    assert "\n" not in str(refused.value)


def test_a_run_that_diverged_gives_no_model(base: Path, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"train\.learning_rate"):
        train(rows, Start(base, None), replace(FULL, learning_rate=1e38, warmup=0.0), CARD, tmp_path / "checkpoints")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rnak": 8}, "rnak"),
        ({"rank": "x"}, "rank"),
        ({"method": "dora"}, "method"),
        ({"backend": "jax"}, "backend"),
    ],
)
def test_a_parameter_that_is_none_is_refused_by_name(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    write_params(tmp_path, train=asdict(LORA))
    assert read_params(tmp_path / PARAMS).train == LORA
    write_params(tmp_path, train=change)
    with pytest.raises(BadInput, match=said):
        read_params(tmp_path / PARAMS)


@pytest.fixture
def night(
    models: Path, base: Path, rows: Path, record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A workspace in which the stage can run."""
    identity = store_model(base, tmp_path / "models")
    (tmp_path / FILE).touch()
    write_params(tmp_path, mix={"least": 10}, train=asdict(LORA))
    Night("2026-03-01", 30, 40, identity, identity, 20, "", 0, "c" * 64).write(tmp_path)
    (tmp_path / MIXTURE).mkdir(parents=True)
    (tmp_path / MIXTURE / TRAINING_ROWS).write_bytes(rows.read_bytes())
    (tmp_path / MIXTURE / TRAINING_TRANSCRIPTS).write_text(json.dumps(["b" * 64]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_stage_leaves_a_sealed_candidate_and_no_checkpoints(night: Path, base: Path) -> None:
    stage.main()
    identity = verify(CANDIDATE)
    assert Card.read(CANDIDATE) == Card("inline", 256, "adapter", verify(base), training_watermark=30)
    assert read_training_transcripts(CANDIDATE) == {"b" * 64}
    modules = json.loads((CANDIDATE / "adapter_config.json").read_text())["target_modules"]
    assert len(modules) > 1 and modules == sorted(modules), "else the same weights have another identity by chance"
    assert json.loads(Path(TRAINING).read_text())["steps"] == 8
    assert list(CHECKPOINTS.iterdir()) == []
    stage.main()
    assert verify(CANDIDATE) == identity, "the same night makes the same candidate"


def test_a_night_with_too_few_rows_trains_nothing_and_says_why(night: Path) -> None:
    CANDIDATE.mkdir()
    (CANDIDATE / "left.safetensors").touch()
    write_params(night, mix={"least": 17}, train=asdict(LORA))
    stage.main()
    assert [path.name for path in CANDIDATE.iterdir()] == [NO_CANDIDATE]
    assert "16 training rows" in json.loads((CANDIDATE / NO_CANDIDATE).read_text())["reason"]
    assert json.loads(Path(TRAINING).read_text())["steps"] == 0


def test_the_parameters_send_a_training_to_a_cluster(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_params(night, mix={"least": 10}, train=asdict(LORA), trainer={"engine": "ray", "workers": 2})
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it isn't installed
    with pytest.raises(Unavailable, match=r"pip install -e '\.\[ray\]'"):
        stage.main()


@pytest.mark.slow
def test_a_candidate_is_drawn_towards_the_champion_as_far_as_dev_says(night: Path, record: Record) -> None:
    write_params(night, mix={"least": 10}, train=asdict(replace(LORA, interpolate=(0.25, 1.0))))
    stage.main()
    trained, log = verify(CANDIDATE), json.loads(Path(TRAINING).read_text())
    assert log["movement"] is None
    assert log["interpolation"]["obstacle"] == "0 items of dev, and at least 5 are wanted"
    with record.write() as store:
        for name in "abcde":
            store.corrections.add(correction(store.transcripts.add(talk(name), "dev").seq, chapters(0, 30)))
    stage.main()
    choice = json.loads(Path(TRAINING).read_text())["interpolation"]
    assert [score["alpha"] for score in choice["scores"]] == [0.25, 1.0]
    assert choice["items"] == 5
    assert (verify(CANDIDATE) == trained) == (choice["alpha"] == 1.0)
    moved = json.loads(Path(TRAINING).read_text())["movement"]
    assert 5 <= moved["windows"] <= 8
    assert moved["from_champion"] == moved["from_day0"] > 0  # the champion is Day-0
    assert not (night / "work" / "interpolation").exists()
