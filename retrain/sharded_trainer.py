"""The trainer of a model that is sharded: what of transformers' own takes each process to hold all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.files import write_json
from retrain.sharding import read_shards, write_shards

if TYPE_CHECKING:
    from trl import SFTTrainer

SCHEDULE = "schedule.json"
"""Of a checkpoint: how far the learning rate has come."""


def sharded_trainer(trainer: type[SFTTrainer]) -> type[SFTTrainer]:
    """`trainer`, whose checkpoints are written and read in parts, by each process its own."""

    class ShardedTrainer(trainer):
        def _clip_grad_norm(self, model: Any) -> Any:
            """Of all parts: what torch gives back is of the one here until it is gathered."""
            return super()._clip_grad_norm(model).full_tensor()

        def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
            """A checkpoint's weights are written beside the optimiser's state."""

        def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
            write_shards(Path(output_dir), self.model, self.optimizer.optimizer)
            if self.args.should_save:
                write_json(Path(output_dir) / SCHEDULE, self.lr_scheduler.state_dict())

        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            """Weights are read beside the optimiser's state."""

        def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
            if checkpoint is None:
                return
            read_shards(Path(checkpoint), self.model, self.optimizer.optimizer)
            self.lr_scheduler.load_state_dict(json.loads((Path(checkpoint) / SCHEDULE).read_bytes()))

    return ShardedTrainer
