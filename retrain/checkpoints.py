"""Where a training that is cut short goes on from.

Checkpoints lie outside the stage's outputs, which DVC deletes. One is sealed with the sha256 of its files when it is
whole: what a kill or a bad disk has left of one is passed over, and the one before is taken.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from errata.errors import Unavailable
from errata.files import file_sha256, write_json
from errata.progress import note
from retrain.sharding import first_says, held_numbers, is_sharded

if TYPE_CHECKING:
    from transformers import TrainerCallback

CHECKPOINTS = Path("work/checkpoints")
KEPT = 2
"""Checkpoints of a training: the newest, and the one before in case it is damaged."""
AT_MOST_LOST = 300.0
"""Seconds of work that a kill may cost: where steps take long, checkpoints come more often than by count."""
CHECKPOINT_SEAL = "errata_checkpoint.json"


def newest_checkpoint(checkpoints: Path) -> str | None:
    """The newest that is whole; of one that was and is no more, a sentence is said."""
    folders = [path.parent for path in checkpoints.glob(f"checkpoint-*/{CHECKPOINT_SEAL}")]
    for folder in sorted(folders, key=checkpoint_step, reverse=True):
        fault = _fault(folder)
        if fault is None:
            return str(folder)
        note(f"the checkpoint {folder} is damaged ({fault}): training goes on from the one before, or begins again")
    return None


def checkpoint_step(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


def _fault(folder: Path) -> str | None:
    """What is wrong with a sealed checkpoint."""
    try:
        digests: dict[str, str] = json.loads((folder / CHECKPOINT_SEAL).read_bytes())
        changed = [name for name, digest in digests.items() if file_sha256(folder / name) != digest]
    except (OSError, ValueError, AttributeError) as error:
        return " ".join(str(error).split())
    return f"{changed[0]} was changed" if changed else None


def seal_checkpoint(folder: Path) -> None:
    """Once everything else in it is written."""
    (folder / CHECKPOINT_SEAL).unlink(missing_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    write_json(folder / CHECKPOINT_SEAL, {str(path.relative_to(folder)): file_sha256(path) for path in files})


def checkpoint_bytes(saved: int, learning: int) -> int:
    """What one takes with so many weights, all of a full model or those of its adapter, and so many that learn, of each
    of which it has Adam's two moments besides."""
    return 4 * (saved + 2 * learning)


def _needed_bytes(model: Any) -> int:
    """Of the part of it that this process holds."""
    learning = sum(held_numbers(weight) for weight in model.parameters() if weight.requires_grad)
    adapted = hasattr(model, "peft_config")
    return checkpoint_bytes(learning if adapted else sum(map(held_numbers, model.parameters())), learning)


def check_room(folder: Path, needed: int) -> None:
    """Raises Unavailable where `needed` bytes don't fit on the folder's disk."""
    free = free_bytes(folder)
    if free < needed:
        raise Unavailable(
            f"a checkpoint of this training takes {decimal(needed)} and {decimal(free)} are free at {folder}; make "
            "room, and the same command goes on where it stopped"
        )


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def checkpoint_care(model: Any) -> TrainerCallback:
    """Has checkpoints come in time, each checked for room before it is written and sealed after."""
    from transformers import TrainerCallback

    needed, sharded = _needed_bytes(model), is_sharded(model)

    class CheckpointCare(TrainerCallback):
        def __init__(self) -> None:
            self._saved = time.monotonic()

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self._saved = time.monotonic()

        def on_step_end(self, args: Any, _: Any, control: Any, **__: Any) -> None:
            late = time.monotonic() - self._saved >= AT_MOST_LOST
            control.should_save |= first_says(late) if sharded else late  # all write their parts, or none does
            if control.should_save:
                check_room(Path(args.output_dir), needed)

        def on_save(self, args: Any, state: Any, _: Any, **__: Any) -> None:
            seal_checkpoint(Path(args.output_dir) / f"checkpoint-{state.global_step}")
            self._saved = time.monotonic()

    return CheckpointCare()
