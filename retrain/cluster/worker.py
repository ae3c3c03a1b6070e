"""What each worker of a cluster does: the trainer of one machine, with its share of each step's rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from errata.documents.file_names import TRAINING_ROWS
from errata.documents.params import Recipe
from errata.inference.artefact import Card
from retrain.backends.start import Start
from retrain.cluster.folder_files import pack, unpack
from retrain.trainer import make_trainer

if TYPE_CHECKING:
    from ray import ObjectRef
    from transformers import TrainerCallback

TrainingResult = tuple[bytes, list[dict[str, Any]]]
"""The weights that learn, by name, as safetensors, since Ray gives back no tensors; and each step's loss."""


@dataclass(frozen=True, slots=True)
class ClusterJob:
    """All that a worker is given; what is large lies in Ray's object store."""

    base: ObjectRef
    """Of `folder_files.Files`,"""
    adapter: ObjectRef | None
    """of the same where there is one,"""
    rows: ObjectRef
    """of what `lay_out` left too."""
    recipe: Recipe
    """As `lay_out` gave it back."""
    card: Card
    keeper: Any
    """The actor that is a CheckpointKeeper."""


def work(job: ClusterJob) -> TrainingResult | None:
    """The first worker's is what came of the training; the others return None."""
    import ray
    import ray.train
    import torch
    from transformers import PrinterCallback

    world = ray.train.get_context()
    torch.set_num_threads(_threads(world.get_local_world_size()))
    with TemporaryDirectory() as place:
        folder = Path(place)
        trainer = _trainer(job, folder, world.get_world_size())
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(_handover(job.keeper, folder))
        kept = ray.get(job.keeper.newest.remote())
        newest = None if kept is None else str(unpack(kept[1], folder / kept[0]))
        trainer.train(resume_from_checkpoint=newest)
        if world.get_world_rank():
            return None
        return training_result(trainer)


def training_result(trainer: Any) -> TrainingResult:
    """What came of a trainer that is done."""
    from safetensors.torch import save

    weights = {n: w.detach().cpu().contiguous() for n, w in trainer.model.named_parameters() if w.requires_grad}
    return save(weights), [entry for entry in trainer.state.log_history if "loss" in entry]


def _threads(workers: int) -> int:
    """A worker's part of the processors that this machine has given the cluster."""
    import ray

    here = ray.get_runtime_context().get_node_id()
    processors = next(node["Resources"]["CPU"] for node in ray.nodes() if node["NodeID"] == here)
    return max(1, int(processors) // workers)


def share_trainer(start: Start, recipe: Recipe, card: Card, folder: Path, workers: int) -> Any:
    """Of this worker's share of the rows that were laid out in `folder`, to which checkpoints come."""
    share = replace(recipe, batch=recipe.batch // workers)
    trainer = make_trainer(folder / TRAINING_ROWS, start, share, card, folder)
    trainer.args.train_sampling_strategy = "sequential"  # they lie in order already
    return trainer


def _trainer(job: ClusterJob, folder: Path, workers: int) -> Any:
    """Of this worker's share, from what came to `folder` through the object store."""
    import ray

    unpack(ray.get(job.rows), folder)
    base = unpack(ray.get(job.base), folder / "base")
    adapter = None if job.adapter is None else unpack(ray.get(job.adapter), folder / "adapter")
    return share_trainer(Start(base, adapter), job.recipe, job.card, folder, workers)


def _handover(keeper: Any, checkpoints: Path) -> TrainerCallback:
    import ray
    from transformers import TrainerCallback

    class Handover(TrainerCallback):
        """Each checkpoint goes to whoever outlives this machine, before the next step begins."""

        def on_save(self, _: Any, state: Any, __: Any, **___: Any) -> None:
            if state.is_world_process_zero:
                name = f"checkpoint-{state.global_step}"
                ray.get(keeper.keep.remote(name, pack(checkpoints / name)))

        def on_step_end(self, _: Any, state: Any, __: Any, **___: Any) -> None:
            if state.is_world_process_zero:
                keeper.count.remote(state.global_step)

    return Handover()
