"""A candidate trained by several processes under Ray Train, on as many machines as the cluster has.

Each step's rows are shared out among the workers, and the gradient is that of the whole step: the sum over its rows,
divided by the labels in all of them. So the result is the one machine's, up to the order in which floats are added. The
workers share no disk with the stage or each other: model, rows and checkpoints go through Ray's object store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from errata.documents.params import Recipe, TrainerParams
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import Card
from errata.inference.compute_device import best_device
from errata.progress import progress_bar
from errata.ray_cluster import actor_here, ray_cluster, units
from retrain.backends.start import Start
from retrain.backends.trainable import trainable_model
from retrain.cluster.checkpoint_keeper import CheckpointKeeper
from retrain.cluster.folder_files import pieces, read_piece
from retrain.cluster.step_rows import lay_out
from retrain.cluster.worker import RESULT, ClusterJob, Log, SentFolder, SentStart, read_result, work
from retrain.objectives.reference import read_reference
from retrain.sharding import write_shards
from retrain.trainer import check_finite

RESTARTS = 3
"""How often the workers begin again from the newest checkpoint, after a machine was lost, before the stage gives up."""


def train_on_cluster(
    rows: Path, start: Start, recipe: Recipe, card: Card, checkpoints: Path, trainer: TrainerParams
) -> tuple[Any, Log]:
    """As `retrain.trainer.train`, by processes on the cluster that RAY_ADDRESS names. For the objective sft+dpo, what
    the champion says of the rows is in `checkpoints` already.

    Raises as `check_cluster` does, and Unavailable where there is no cluster, it is too small, or the training failed
    there.
    """
    check_cluster(recipe, card, trainer)
    sharded = trainer.sharding == "full"
    kept = checkpoints / "sharded" if sharded else checkpoints  # each has checkpoints of its own form
    kept.mkdir(parents=True, exist_ok=True)
    with ray_cluster():
        _check_size(trainer.workers)
        sent, laid_out = _send_rows(rows, recipe, checkpoints)
        sent_start = _send_in_parts(start, recipe, card.context) if sharded else _send_start(start)
        job = ClusterJob(sent_start, sent, laid_out, card, actor_here(CheckpointKeeper, kept.resolve()))
        with _progress(job):
            log = _run(job, trainer.workers, checkpoints)
    model = trainable_model(start, recipe, card.context)
    read_result(model, kept / RESULT)
    check_finite(model)
    return model, log


def check_cluster(recipe: Recipe, card: Card, trainer: TrainerParams) -> None:
    """Raises BadInput where a step's rows can't be shared out evenly, the backend or the model trains on one machine
    alone, or what is to be sharded can't be."""
    if recipe.batch % trainer.workers:
        raise BadInput(
            f"train.batch {recipe.batch} rows a step can't be shared out among {trainer.workers} workers; take a "
            "multiple"
        )
    if recipe.backend == "unsloth":
        raise BadInput("unsloth trains on one machine; set trainer.engine to local, or train.backend to transformers")
    if card.senses:
        raise BadInput("a model that sees or hears is trained on one machine; set trainer.engine to local")
    if trainer.sharding == "full" and recipe.method != "full":
        raise BadInput(
            f"trainer.sharding full shares out the weights that learn, and with train.method {recipe.method} few do; "
            "set it to none, or train.method to full"
        )


def _check_size(workers: int) -> None:
    """Raises Unavailable for a cluster without a processor, or a GPU, for each worker."""
    kind = "GPU" if best_device() == "cuda" else "CPU"
    there = units(kind)
    if there < workers:
        raise Unavailable(
            f"the Ray cluster has {there} {kind}s for {workers} workers; start Ray on more machines, or lower "
            "trainer.workers"
        )


def _send_rows(rows: Path, recipe: Recipe, checkpoints: Path) -> tuple[SentFolder, Recipe]:
    """Laid out for the workers, with the recipe that holds for them."""
    with TemporaryDirectory() as place:
        laid_out = lay_out(rows, recipe, read_reference(checkpoints), Path(place))
        return _send(Path(place)), laid_out


def _send_start(start: Start) -> SentStart:
    return SentStart(_send(start.base), None if start.adapter is None else _send(start.adapter), None)


def _send_in_parts(start: Start, recipe: Recipe, context: int) -> SentStart:
    """With the weights as they are before the first step, an adapter's among them."""
    with TemporaryDirectory() as place:
        write_shards(Path(place), trainable_model(start, recipe, context))
        parts = _send(Path(place))
    return SentStart(_send(start.base, lambda name: not name.endswith(".safetensors")), None, parts)


def _send(folder: Path, wanted: Callable[[str], bool] = lambda _: True) -> SentFolder:
    import ray

    return [(piece, ray.put(read_piece(folder, piece))) for piece in pieces(folder) if wanted(piece.path)]


@contextmanager
def _progress(job: ClusterJob) -> Iterator[None]:
    """Looked up each second: the workers' own words come to no terminal."""
    import ray

    done = Event()

    def look() -> None:
        shown = 0
        with progress_bar("train", job.recipe.max_steps) as advance:
            while not done.wait(1.0):
                for _ in range(shown, steps := ray.get(job.keeper.steps.remote())):
                    advance()
                shown = steps

    looking = Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        done.set()
        looking.join()


def _run(job: ClusterJob, workers: int, checkpoints: Path) -> Log:
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.torch import TorchConfig, TorchTrainer

    gpu = best_device() == "cuda"
    trainer = TorchTrainer(
        partial(work, job),
        torch_config=TorchConfig(backend="nccl" if gpu else "gloo"),
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=gpu, placement_strategy="SPREAD"),
        run_config=RunConfig(
            name="train",
            storage_path=str(checkpoints.resolve() / "ray"),
            failure_config=FailureConfig(max_failures=RESTARTS),
        ),
    )
    try:
        log: Log = trainer.fit().return_value
    except TrainingFailedError as error:
        reason = str(error).strip().splitlines()[-1]
        raise Unavailable(f"the training failed on the cluster ({reason}); mend it, and run it again") from error
    return log
