"""Where a training that is cut short goes on from. They lie outside the stage's outputs, which DVC deletes."""

from __future__ import annotations

from pathlib import Path

CHECKPOINTS = Path("work/checkpoints")


def newest_checkpoint(checkpoints: Path) -> str | None:
    """The newest whole checkpoint: one that a crash cut short lacks the trainer's state, which is written last."""
    whole = [path.parent for path in checkpoints.glob("checkpoint-*/trainer_state.json")]
    newest = max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
    return None if newest is None else str(newest)
