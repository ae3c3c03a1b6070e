"""Training on a cluster: two raylets on loopback, each with a disk of its own, give what one machine gives."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load

from errata.documents.params import Recipe
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import Card
from errata.tasks.encode import IGNORED, Encoded
from retrain.backends.start import Start
from retrain.checkpoints import checkpoint_step, seal_checkpoint
from retrain.cluster.checkpoint_keeper import CheckpointKeeper
from retrain.cluster.folder_files import pack, unpack
from retrain.cluster.step_rows import lay_out, row_order, step_rows
from retrain.cluster.training import train_on_cluster
from retrain.cluster.worker import share_trainer, training_result
from retrain.objectives.champion_reference import champion_reference
from retrain.objectives.reference import Reference, reference_of
from retrain.taught_rows import TaughtRow, TaughtRows, taught_table, write_taught_rows
from retrain.trainer import train
from tests.made_up_model import make_adapter, make_model
from tests.made_up_recipe import LORA

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


def test_a_folder_arrives_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "from/deep").mkdir(parents=True)
    (tmp_path / "from/deep/weights").write_bytes(bytes(range(256)))
    (tmp_path / "from/empty").touch()
    assert pack(unpack(pack(tmp_path / "from"), tmp_path / "to")) == pack(tmp_path / "from")


def test_the_newest_whole_checkpoint_is_given_back(tmp_path: Path) -> None:
    keeper = CheckpointKeeper(tmp_path / "kept")
    assert keeper.newest() is None
    for step in (5, 10, 15):
        made = tmp_path / "worker" / f"checkpoint-{step}"
        unpack({"weights": bytes([step])}, made)
        seal_checkpoint(made)
        keeper.keep(made.name, pack(made))
    newest = keeper.newest()
    assert newest is not None and (newest[0], newest[1]["weights"]) == ("checkpoint-15", bytes([15]))
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"checkpoint-10", "checkpoint-15"}
    (tmp_path / "kept/checkpoint-15/weights").write_bytes(b"damaged")
    newest = keeper.newest()
    assert newest is not None and newest[0] == "checkpoint-10"


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sft+dpo", "lora", "full"])
def test_two_processes_give_what_one_gives(name: str, start: Start, rows: Path, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    alone = train(rows, start, recipe, CARD, tmp_path / "alone")
    reference = asked(rows, start, recipe, tmp_path / "asked")
    processes = []
    for rank in range(2):
        (tmp_path / str(rank)).mkdir()
        laid_out = lay_out(rows, recipe, reference, tmp_path / str(rank))
        fork = multiprocessing.get_context("fork").Process(target=take_share, args=(rank, start, laid_out, tmp_path))
        fork.start()
        processes.append(fork)
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    log = json.loads((tmp_path / "log.json").read_text())
    assert_equal(alone, (load((tmp_path / "weights").read_bytes()), log))


def asked(rows: Path, start: Start, recipe: Recipe, folder: Path) -> Reference | None:
    prefers = recipe.objective == "sft+dpo"
    return champion_reference(TaughtRows(rows), start, recipe, CARD.context, folder) if prefers else None


def take_share(rank: int, start: Start, recipe: Recipe, place: Path) -> None:
    """As Ray Train begins a worker of two."""
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)  # that of the process which was forked
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    meeting = f"file://{place}/meeting"
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    trainer = share_trainer(start, recipe, CARD, place / str(rank), 2)
    trainer.train()
    if rank == 0:
        weights, log = training_result(trainer)
        (place / "weights").write_bytes(weights)
        (place / "log.json").write_text(json.dumps(log))


def test_rows_that_cannot_be_shared_out_evenly_are_refused(start: Start, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"train\.batch 3 .* 2 workers"):
        train_on_cluster(rows, start, replace(LORA, batch=3), CARD, tmp_path, 2)


def test_unsloth_is_refused(start: Start, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"unsloth trains on one machine"):
        train_on_cluster(rows, start, replace(LORA, backend="unsloth"), CARD, tmp_path, 2)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes with one processor each, so that each of two workers has one to itself."""
    pytest.importorskip("ray", reason="ray is not installed: pip install -e '.[ray]'")
    environment = {
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_raylet_start_wait_time_s": "300",
        "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "300",
        "RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S": "300",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        from ray.cluster_utils import Cluster

        # a node is added in a thread, where no handler of signals can be set up
        made = Cluster(initialize_head=True, head_node_args=node(tmp_path_factory), shutdown_at_exit=False)
        made.add_node(**node(tmp_path_factory))
        patch.setenv("RAY_ADDRESS", made.address)
        yield made
        made.shutdown()


def node(places: pytest.TempPathFactory) -> dict[str, Any]:
    """One whose workers write where no other's do."""
    return {"num_cpus": 1, "env_vars": {**os.environ, "TMPDIR": str(places.mktemp("node"))}}


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}


def assert_equal(alone: Run, together: tuple[dict[str, torch.Tensor], list[dict[str, Any]]]) -> None:
    """Loss and gradient of every step, and the weights: up to the order in which floats are added."""
    for name in ("loss", "grad_norm", "learning_rate"):
        assert [entry[name] for entry in together[1]] == pytest.approx([entry[name] for entry in alone[1]], rel=1e-3)
    assert weights(alone[0]).keys() == together[0].keys()
    for name, weight in weights(alone[0]).items():
        torch.testing.assert_close(together[0][name], weight, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_machines_give_what_one_gives(cluster: Any, start: Start, rows: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPES["sft+dpo"], method="full", learning_rate=2e-3)
    make_adapter(tmp_path / "adapter", start.base, "a" * 64)
    start = Start(start.base, tmp_path / "adapter")
    alone = train(rows, start, recipe, CARD, tmp_path / "alone")
    asked(rows, start, recipe, tmp_path / "together")
    model, log = train_on_cluster(rows, start, recipe, CARD, tmp_path / "together", 2)
    assert len(log) == 7
    assert_equal(alone, (weights(model), log))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_machine_that_is_lost_costs_no_more_than_what_came_after_the_checkpoint(
    cluster: Any, start: Start, rows: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    recipe = replace(LORA, batch=2, max_steps=120, epochs=30.0)
    alone = train(rows, start, recipe, CARD, tmp_path / "alone")
    kept = tmp_path / "together"
    lost = list[int]()

    def pull_the_plug() -> None:
        while not list(kept.glob("checkpoint-*/errata_checkpoint.json")):
            time.sleep(0.02)
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        lost.append(max(map(checkpoint_step, kept.glob("checkpoint-*"))))
        cluster.add_node(**node(tmp_path_factory))

    plug = threading.Thread(target=pull_the_plug)
    plug.start()
    model, log = train_on_cluster(rows, start, recipe, CARD, kept, 2)
    plug.join()
    assert lost[0] < 120, "the plug was pulled too late to show anything"
    assert [entry["step"] for entry in log] == list(range(1, 121))
    assert_equal(alone, (weights(model), log))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cluster_that_is_too_small_is_refused(cluster: Any, start: Start, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"2 CPUs for 4 workers"):
        train_on_cluster(rows, start, RECIPE, CARD, tmp_path, 4)
