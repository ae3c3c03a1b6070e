"""What outlives a machine of the cluster: the newest checkpoints, and how far the training has come.

An actor on the machine where the stage runs: it writes to the workspace there, which no worker sees.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from retrain.checkpoints import CHECKPOINT_SEAL, KEPT, checkpoint_step, newest_checkpoint
from retrain.cluster.folder_files import Files, pack, unpack


class CheckpointKeeper:
    def __init__(self, checkpoints: Path) -> None:
        self._checkpoints = checkpoints
        self._steps = 0

    def keep(self, name: str, files: Files) -> None:
        """Beside the one before, in case this one is damaged. Its seal is written last."""
        seal = files[CHECKPOINT_SEAL]
        rest = {path: content for path, content in files.items() if path != CHECKPOINT_SEAL}
        unpack({**rest, CHECKPOINT_SEAL: seal}, self._checkpoints / name)
        for older in sorted(self._checkpoints.glob("checkpoint-*"), key=checkpoint_step)[:-KEPT]:
            shutil.rmtree(older)

    def newest(self) -> tuple[str, Files] | None:
        """A checkpoint's name and files; None where there is none yet."""
        path = newest_checkpoint(self._checkpoints)
        return None if path is None else (Path(path).name, pack(Path(path)))

    def count(self, steps: int) -> None:
        """So many are done; after a machine was lost, some of them are done again."""
        self._steps = max(self._steps, steps)

    def steps(self) -> int:
        return self._steps
