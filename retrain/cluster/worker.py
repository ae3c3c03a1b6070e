"""What each worker of a cluster does: the trainer of one machine, with its share of each step's rows."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from errata.documents.file_names import TRAINING_ROWS
from errata.documents.params import Recipe
from errata.inference.artefact import Card
from retrain.backends.start import Start
from retrain.cluster.folder_files import Piece, pieces, read_piece, write_piece
from retrain.sharding import is_sharded, read_shards, write_shards
from retrain.trainer import make_trainer

if TYPE_CHECKING:
    from ray import ObjectRef
    from transformers import TrainerCallback

RESULT = "result"
"""The folder of what came of a training."""
WEIGHTS = "weights.safetensors"

SentFolder = list[tuple[Piece, "ObjectRef"]]
"""Its pieces, whose bytes lie in Ray's object store."""
Log = list[dict[str, Any]]
"""Each step's loss."""


@dataclass(frozen=True, slots=True)
class SentStart:
    """What of a `Start` is sent."""

    base: SentFolder
    adapter: SentFolder | None
    parts: SentFolder | None


@dataclass(frozen=True, slots=True)
class ClusterJob:
    """All that a worker is given."""

    start: SentStart
    rows: SentFolder
    """What `lay_out` left."""
    recipe: Recipe
    """As `lay_out` gave it back."""
    card: Card
    keeper: Any
    """The actor that is a CheckpointKeeper."""


def work(job: ClusterJob) -> Log | None:
    """Hands what came of the training to the keeper; the first worker returns its log."""
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
        trainer.add_callback(_handover(job.keeper, folder, trainer))
        trainer.train(resume_from_checkpoint=_newest(job.keeper, folder))
        if _writes(trainer):
            write_result(trainer, folder / RESULT)
            _hand_over(job.keeper, folder / RESULT, trainer)
        return trained_log(trainer) if trainer.args.should_save else None


def _writes(trainer: Any) -> bool:
    """Whether this worker has anything of a checkpoint to hand over."""
    return bool(is_sharded(trainer.model) or trainer.args.should_save)


def write_result(trainer: Any, folder: Path) -> None:
    """The weights that learn, or this worker's part of them."""
    from safetensors.torch import save_file

    if is_sharded(trainer.model):
        write_shards(folder, trainer.model)
        return
    folder.mkdir()
    learnt = {n: w.detach().cpu().contiguous() for n, w in trainer.model.named_parameters() if w.requires_grad}
    save_file(learnt, folder / WEIGHTS)


def read_result(model: Any, folder: Path) -> None:
    """Into a model in one piece, from what the workers wrote."""
    from safetensors.torch import load_file

    if (folder / WEIGHTS).exists():
        model.load_state_dict(load_file(folder / WEIGHTS), strict=False)
    else:
        read_shards(folder, model)


def trained_log(trainer: Any) -> Log:
    return [entry for entry in trainer.state.log_history if "loss" in entry]


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
    """Of this worker's share, from what comes to `folder` through the object store."""
    _fetch(job.rows, folder)
    base = _fetch(job.start.base, folder / "base")
    adapter = None if job.start.adapter is None else _fetch(job.start.adapter, folder / "adapter")
    parts = None if job.start.parts is None else _fetch(job.start.parts, folder / "parts")
    trainer = share_trainer(Start(base, adapter, parts=parts), job.recipe, job.card, folder, workers)
    if parts is not None:
        shutil.rmtree(parts)  # as large as the model
    return trainer


def _fetch(sent: SentFolder, folder: Path) -> Path:
    import ray

    for piece, content in sent:
        write_piece(folder, piece, ray.get(content))
    return folder


def _newest(keeper: Any, folder: Path) -> str | None:
    """The checkpoint to go on from, which comes to `folder`."""
    import ray

    name = ray.get(keeper.newest.remote())
    if name is None:
        return None
    for piece in ray.get(keeper.pieces.remote(name)):
        write_piece(folder / name, piece, ray.get(keeper.read.remote(name, piece)))
    return str(folder / name)


def _hand_over(keeper: Any, folder: Path, trainer: Any) -> None:
    """What this worker wrote to `folder`, which is gone then."""
    import ray

    for piece in pieces(folder):
        ray.get(keeper.write.remote(folder.name, piece, read_piece(folder, piece)))
    workers = trainer.args.world_size if is_sharded(trainer.model) else 1
    ray.get(keeper.finish.remote(folder.name, trainer.args.process_index, workers))
    shutil.rmtree(folder)


def _handover(keeper: Any, checkpoints: Path, trainer: Any) -> TrainerCallback:
    from transformers import TrainerCallback

    class Handover(TrainerCallback):
        """Each checkpoint goes to whoever outlives this machine, before the next step begins."""

        def on_save(self, _: Any, state: Any, __: Any, **___: Any) -> None:
            if _writes(trainer):
                _hand_over(keeper, checkpoints / f"checkpoint-{state.global_step}", trainer)

        def on_step_end(self, _: Any, state: Any, __: Any, **___: Any) -> None:
            if state.is_world_process_zero:
                keeper.count.remote(state.global_step)

    return Handover()
