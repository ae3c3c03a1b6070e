"""Training on a cluster: two raylets on loopback, each with a disk of its own, give what one machine gives."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from transformers import AutoModelForCausalLM

from errata.documents.params import Recipe, TrainerParams
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import Card
from errata.tasks.encode import IGNORED, Encoded
from retrain.backends.start import Start
from retrain.backends.trainable import trainable_model
from retrain.checkpoints import checkpoint_step
from retrain.cluster import folder_files
from retrain.cluster.checkpoint_keeper import CheckpointKeeper
from retrain.cluster.folder_files import Piece, pieces, read_piece, write_piece
from retrain.cluster.step_rows import lay_out, row_order, step_rows
from retrain.cluster.training import check_cluster, train_on_cluster
from retrain.cluster.worker import RESULT, read_result, share_trainer, trained_log, write_result
from retrain.objectives.champion_reference import champion_reference
from retrain.objectives.reference import Reference, reference_of
from retrain.saving import save
from retrain.sharding import held_numbers, write_shards
from retrain.taught_rows import TaughtRow, TaughtRows, taught_table, write_taught_rows
from retrain.trainer import train
from tests.made_up_model import make_adapter, make_model
from tests.made_up_recipe import LORA
from tests.ray_nodes import node, two_nodes

CARD = Card("indexed", 256)
ROWS, EOS = 11, 1
RECIPE = replace(LORA, batch=4, max_steps=7, epochs=4.0)
"""Two whole epochs and a part of the third; the last step of an epoch has three rows."""

Run = tuple[Any, list[dict[str, Any]]]
"""The model, and the log of its training."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    folder = tmp_path_factory.mktemp("model") / "base"
    make_model(folder, template="indexed")
    return Start(folder, None)


def taught(number: int) -> TaughtRow:
    """Rows differ in their numbers of labels, so that an average of the workers' averages would weigh them wrongly."""
    name = 100 + number % 3
    prompt = [name, *range(20, 40), name]
    right, draft = [200 + number % 3, *range(250, 250 + number), EOS], [300 + number % 3, 260, 261, EOS]
    labels = [IGNORED] * len(prompt)
    rejected = Encoded((*prompt, *draft), (*labels, *draft)) if number % 4 else None
    return TaughtRow(Encoded((*prompt, *right), (*labels, *right)), rejected, 0.5 + number % 2)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "train.parquet"
    write_taught_rows(path, [taught(number) for number in range(ROWS)])
    return path


def copy_pieces(folder: Path, to: Path) -> None:
    for piece in pieces(folder):
        write_piece(to, piece, read_piece(folder, piece))


@pytest.mark.parametrize("size", [1, 100, 256, 1000])
def test_a_folder_arrives_as_it_was(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_files, "PIECE", size)
    (tmp_path / "from/deep").mkdir(parents=True)
    (tmp_path / "from/deep/weights").write_bytes(bytes(range(256)))
    (tmp_path / "from/empty").touch()
    for _ in range(2):  # over what is there already, too
        copy_pieces(tmp_path / "from", tmp_path / "to")
    assert {path.name for path in (tmp_path / "to").rglob("*") if path.is_file()} == {"weights", "empty"}
    assert (tmp_path / "to/deep/weights").read_bytes() == bytes(range(256))


def keep(keeper: CheckpointKeeper, step: int, content: bytes, worker: int = 0, workers: int = 1) -> None:
    """As a worker hands over its part."""
    keeper.write(f"checkpoint-{step}", Piece(f"weights-{worker}", 0), content)
    keeper.finish(f"checkpoint-{step}", worker, workers)


def test_the_newest_whole_checkpoint_is_given_back(tmp_path: Path) -> None:
    keeper = CheckpointKeeper(tmp_path)
    assert keeper.newest() is None
    for step in (5, 10, 15):
        keep(keeper, step, bytes([step]))
    assert keeper.newest() == "checkpoint-15"
    assert keeper.read("checkpoint-15", keeper.pieces("checkpoint-15")[-1]) == bytes([15])
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint-10", "checkpoint-15"}
    (tmp_path / "checkpoint-15/weights-0").write_bytes(b"damaged")
    assert keeper.newest() == "checkpoint-10"


def test_a_checkpoint_is_whole_once_every_worker_has_handed_over_its_part(tmp_path: Path) -> None:
    keeper = CheckpointKeeper(tmp_path)
    keep(keeper, 5, b"before", 0, 2)
    assert keeper.newest() is None, "one part of two"
    keep(keeper, 5, b"again", 1, 2)  # the workers began again: of those before, nothing counts
    assert keeper.newest() is None
    keep(keeper, 5, b"zero", 0, 2)
    keep(keeper, 5, b"one", 1, 2)
    assert keeper.newest() == "checkpoint-5"
    parts = [piece for piece in keeper.pieces("checkpoint-5") if piece.path.startswith("weights")]
    assert [keeper.read("checkpoint-5", piece) for piece in parts] == [b"zero", b"one"]


def test_each_epoch_has_each_row_once_and_whole_steps() -> None:
    order = row_order(ROWS, RECIPE)
    assert len(order) == 7 * 4
    for epoch in (order[:12], order[12:24]):
        assert sorted(epoch) == [*range(ROWS), ROWS] and epoch[-1] == ROWS
    assert order[:11] != order[12:23]


def test_the_row_that_fills_a_step_has_no_labels(rows: Path) -> None:
    table = step_rows(TaughtRows(rows).table, [3, ROWS, 3])
    assert table.slice(0, 1) == table.slice(2, 1) == taught_table([taught(3)])
    assert table["labels"][1].as_py() == [IGNORED]
    assert table.schema == TaughtRows(rows).table.schema


def test_what_the_champion_says_follows_the_rows(start: Start, rows: Path) -> None:
    from errata.inference.torch import load_model

    reference = reference_of(load_model(start.base), TaughtRows(rows))
    taken = reference.of_rows([7, ROWS, 2])
    assert taken.margins.tolist() == [reference.margins[7], 0.0, reference.margins[2]]
    assert [len(taken.tokens(place).ids) for place in range(3)] == [9, 0, 4]
    assert torch.equal(taken.tokens(2).log_probabilities, reference.tokens(2).log_probabilities)


RECIPES = {
    "lora": RECIPE,
    "full": replace(RECIPE, method="full", learning_rate=2e-3),
    "sft+dpo": replace(RECIPE, objective="sft+dpo", dpo_weight=1.0, kl_weight=0.5),
}
RECIPES["full sft+dpo"] = replace(RECIPES["sft+dpo"], method="full", learning_rate=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sharded"), [("sft+dpo", False), ("lora", False), ("full", False), ("full sft+dpo", True)]
)
def test_two_processes_give_what_one_gives(name: str, sharded: bool, start: Start, rows: Path, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    alone = train(rows, start, recipe, CARD, tmp_path / "alone")
    reference = asked(rows, start, recipe, tmp_path / "asked")
    begins = in_parts(start, recipe, tmp_path / "parts") if sharded else start
    assert_equal(alone, run_workers(Workers(begins, recipe, tmp_path / "two", 2), rows, reference))


@pytest.mark.slow
def test_each_process_of_a_sharded_training_holds_its_part_alone(start: Start, rows: Path, tmp_path: Path) -> None:
    """And it comes to what one process gives, from a checkpoint of another number of processes too."""
    recipe = RECIPES["full"]
    alone = train(rows, start, recipe, CARD, tmp_path / "alone")
    begins = in_parts(start, recipe, tmp_path / "parts")
    model, log = run_workers(Workers(begins, recipe, tmp_path / "two", 2), rows)
    assert_equal(alone, (model, log))
    everything = sum(weight.numel() for weight in model.parameters())
    for rank in range(2):
        held = json.loads((tmp_path / "two" / str(rank) / "held.json").read_text())
        assert held["weights"] == pytest.approx(everything / 2, rel=0.01)
        assert held["optimizer"] == pytest.approx(2 * everything / 2, rel=0.01), "Adam's two moments"
    for rank in range(2):
        copy_pieces(tmp_path / "two" / str(rank) / "checkpoint-5", tmp_path / "checkpoint-5")
    four = Workers(begins, recipe, tmp_path / "four", 4, tmp_path / "checkpoint-5")
    assert_equal(alone, run_workers(four, rows))
    save(model, tmp_path / "saved", replace(CARD, form="full"), {}, start.base)
    assert [path.name for path in (tmp_path / "saved").glob("*.safetensors")] == ["model.safetensors"]
    again = weights(AutoModelForCausalLM.from_pretrained(tmp_path / "saved"))
    assert all(torch.equal(again[name], weight) for name, weight in weights(model).items())


def in_parts(start: Start, recipe: Recipe, folder: Path) -> Start:
    """With the weights in `folder`, of which each process is to hold its part."""
    write_shards(folder, trainable_model(start, recipe, CARD.context))
    return replace(start, parts=folder)


def asked(rows: Path, start: Start, recipe: Recipe, folder: Path) -> Reference | None:
    prefers = recipe.objective == "sft+dpo"
    return champion_reference(TaughtRows(rows), start, recipe, CARD.context, folder) if prefers else None


@dataclass(frozen=True)
class Workers:
    start: Start
    recipe: Recipe
    place: Path
    """Each has a folder in it."""
    count: int
    checkpoint: Path | None = None


def run_workers(workers: Workers, rows: Path, reference: Reference | None = None) -> Run:
    """As Ray Train begins them, without Ray: the model that comes of it, and the log."""
    forks = []
    for rank in range(workers.count):
        folder = workers.place / str(rank)
        folder.mkdir(parents=True)
        laid_out = lay_out(rows, workers.recipe, reference, folder)
        fork = multiprocessing.get_context("fork").Process(target=take_share, args=(workers, laid_out, rank))
        fork.start()
        forks.append(fork)
    for fork in forks:
        fork.join()
    assert [fork.exitcode for fork in forks] == [0] * workers.count
    for result in workers.place.glob(f"*/{RESULT}"):
        copy_pieces(result, workers.place / RESULT)
    model = trainable_model(replace(workers.start, parts=None), workers.recipe, CARD.context)
    read_result(model, workers.place / RESULT)
    return model, json.loads((workers.place / "0/log.json").read_text())


def take_share(workers: Workers, recipe: Recipe, rank: int) -> None:
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)  # that of the process which was forked
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": workers.count, "LOCAL_WORLD_SIZE": workers.count}
    os.environ |= {name: str(number) for name, number in names.items()}
    meeting = f"file://{workers.place}/meeting"
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=workers.count)
    folder = workers.place / str(rank)
    trainer = share_trainer(workers.start, recipe, CARD, folder, workers.count)
    trainer.train(resume_from_checkpoint=None if workers.checkpoint is None else str(workers.checkpoint))
    moments = [number for state in trainer.optimizer.optimizer.state.values() for number in state.values()]
    held = {"weights": trainer.model.parameters(), "optimizer": moments}
    (folder / "held.json").write_text(json.dumps({name: sum(map(held_numbers, of)) for name, of in held.items()}))
    (folder / "log.json").write_text(json.dumps(trained_log(trainer)))
    if workers.start.parts is not None or rank == 0:
        write_result(trainer, folder / RESULT)


def on_ray(workers: int = 2, sharding: Literal["none", "full"] = "none") -> TrainerParams:
    return TrainerParams("ray", workers, sharding)


def test_rows_that_cannot_be_shared_out_evenly_are_refused(start: Start, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"train\.batch 3 .* 2 workers"):
        train_on_cluster(rows, start, replace(LORA, batch=3), CARD, tmp_path, on_ray())


def test_unsloth_is_refused(start: Start, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"unsloth trains on one machine"):
        train_on_cluster(rows, start, replace(LORA, backend="unsloth"), CARD, tmp_path, on_ray())


def test_what_cannot_be_sharded_is_refused() -> None:
    with pytest.raises(BadInput, match=r"trainer\.sharding full .* train\.method lora .* set it to none"):
        check_cluster(RECIPES["lora"], CARD, on_ray(2, "full"))
    check_cluster(RECIPES["full"], CARD, on_ray(2, "full"))
    with pytest.raises(BadInput, match=r"trainer\.sharding .* set trainer\.engine to ray"):
        TrainerParams("local", 2, "full")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with two_nodes(tmp_path_factory) as made:
        yield made


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}


def assert_equal(alone: Run, together: Run) -> None:
    """Loss and gradient of every step, and the weights: up to the order in which floats are added."""
    for name in ("loss", "grad_norm", "learning_rate"):
        assert [entry[name] for entry in together[1]] == pytest.approx([entry[name] for entry in alone[1]], rel=1e-3)
    learnt = weights(together[0])
    assert weights(alone[0]).keys() == learnt.keys()
    for name, weight in weights(alone[0]).items():
        torch.testing.assert_close(learnt[name], weight, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_machines_give_what_one_gives(cluster: Any, start: Start, rows: Path, tmp_path: Path) -> None:
    recipe = RECIPES["full sft+dpo"]
    make_adapter(tmp_path / "adapter", start.base, "a" * 64)
    start = Start(start.base, tmp_path / "adapter")
    alone = train(rows, start, recipe, CARD, tmp_path / "alone")
    asked(rows, start, recipe, tmp_path / "together")
    model, log = train_on_cluster(rows, start, recipe, CARD, tmp_path / "together", on_ray())
    assert len(log) == 7
    assert_equal(alone, (model, log))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("recipe", "sharding"), [(LORA, "none"), (replace(LORA, method="full", learning_rate=2e-3), "full")]
)
def test_a_machine_that_is_lost_costs_no_more_than_what_came_after_the_checkpoint(
    recipe: Recipe,
    sharding: Literal["none", "full"],
    cluster: Any,
    start: Start,
    rows: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    recipe = replace(recipe, batch=2, max_steps=120, epochs=30.0)
    alone = train(rows, start, recipe, CARD, tmp_path / "alone")
    kept = tmp_path / "together"
    lost = list[int]()

    def pull_the_plug() -> None:
        while not list(kept.rglob("checkpoint-*/errata_checkpoint.json")):
            time.sleep(0.02)
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        lost.append(max(map(checkpoint_step, kept.rglob("checkpoint-*"))))
        cluster.add_node(**node(tmp_path_factory))

    plug = threading.Thread(target=pull_the_plug)
    plug.start()
    model, log = train_on_cluster(rows, start, recipe, CARD, kept, on_ray(2, sharding))
    plug.join()
    assert lost[0] < 120, "the plug was pulled too late to show anything"
    assert [entry["step"] for entry in log] == list(range(1, 121))
    assert_equal(alone, (model, log))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cluster_that_is_too_small_is_refused(cluster: Any, start: Start, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"2 CPUs for 4 workers"):
        train_on_cluster(rows, start, RECIPE, CARD, tmp_path, on_ray(4))
