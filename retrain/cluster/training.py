"""A candidate trained by several processes under Ray Train, on as many machines as the cluster has.

Each step's rows are shared out among the workers, and the gradient is that of the whole step: the sum over its rows,
divided by the labels in all of them. So the result is the one machine's, up to the order in which floats are added. The
workers share no disk with the stage or each other: model, rows and checkpoints go through Ray's object store.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from errata.documents.params import Recipe
from errata.errors import BadInput, Unavailable, missing_extra
from errata.inference.artefact import Card
from errata.inference.compute_device import best_device
from errata.progress import progress_bar
from retrain.backends.start import Start
from retrain.backends.trainable import trainable_model
from retrain.cluster.checkpoint_keeper import CheckpointKeeper
from retrain.cluster.folder_files import pack
from retrain.cluster.step_rows import lay_out
from retrain.cluster.worker import ClusterJob, TrainingResult, work
from retrain.objectives.reference import read_reference
from retrain.trainer import check_finite

RESTARTS = 3
"""How often the workers begin again from the newest checkpoint, after a machine was lost, before the stage gives up."""


def train_on_cluster(
    rows: Path, start: Start, recipe: Recipe, card: Card, checkpoints: Path, workers: int
) -> tuple[Any, list[dict[str, Any]]]:
    """As `retrain.trainer.train`, by `workers` processes on the cluster that RAY_ADDRESS names. For the objective
    sft+dpo, what the champion says of the rows is in `checkpoints` already.

    Raises BadInput where a step's rows can't be shared out evenly or the backend trains on one machine alone, and
    Unavailable where there is no cluster, it is too small, or the training failed there.
    """
    from safetensors.torch import load

    _check(recipe, card, workers)
    checkpoints.mkdir(parents=True, exist_ok=True)
    with _cluster(workers):
        job = _job(rows, start, recipe, card, checkpoints)
        with _progress(job):
            weights, log = _run(job, workers, checkpoints)
    model = trainable_model(start, recipe, card.context)
    model.load_state_dict(load(weights), strict=False)
    check_finite(model)
    return model, log


def _check(recipe: Recipe, card: Card, workers: int) -> None:
    if recipe.batch % workers:
        raise BadInput(
            f"train.batch {recipe.batch} rows a step can't be shared out among {workers} workers; take a multiple"
        )
    if recipe.backend == "unsloth":
        raise BadInput("unsloth trains on one machine; set trainer.engine to local, or train.backend to transformers")
    if card.senses:
        raise BadInput("a model that sees or hears is trained on one machine; set trainer.engine to local")


@contextmanager
def _cluster(workers: int) -> Iterator[None]:
    """The one that RAY_ADDRESS names, or else one on this machine alone."""
    try:
        import ray
    except ImportError as error:
        raise missing_extra(f"ray can't be imported ({error})", "ray") from error
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(address=address, log_to_driver=False)
    except (ConnectionError, RuntimeError) as error:
        raise Unavailable(f"there is no Ray cluster at {address} ({error}); start one, or mend RAY_ADDRESS") from error
    try:
        kind = "GPU" if best_device() == "cuda" else "CPU"
        there = int(ray.cluster_resources().get(kind, 0))
        if there < workers:
            raise Unavailable(
                f"the Ray cluster has {there} {kind}s for {workers} workers; start Ray on more machines, or lower "
                "trainer.workers"
            )
        yield
    finally:
        ray.shutdown()


def _job(rows: Path, start: Start, recipe: Recipe, card: Card, checkpoints: Path) -> ClusterJob:
    import ray

    with TemporaryDirectory() as place:
        laid_out = lay_out(rows, recipe, read_reference(checkpoints), Path(place))
        return ClusterJob(
            base=ray.put(pack(start.base)),
            adapter=None if start.adapter is None else ray.put(pack(start.adapter)),
            rows=ray.put(pack(Path(place))),
            recipe=laid_out,
            card=card,
            keeper=_keeper(checkpoints),
        )


def _keeper(checkpoints: Path) -> Any:
    """Pinned to this machine, and without a claim to a processor of it."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(CheckpointKeeper).options(num_cpus=0, scheduling_strategy=here).remote(checkpoints.resolve())


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


def _run(job: ClusterJob, workers: int, checkpoints: Path) -> TrainingResult:
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
        result: TrainingResult = trainer.fit().return_value
    except TrainingFailedError as error:
        reason = str(error).strip().splitlines()[-1]
        raise Unavailable(f"the training failed on the cluster ({reason}); mend it, and run it again") from error
    return result
