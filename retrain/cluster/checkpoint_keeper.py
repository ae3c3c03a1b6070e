"""What outlives a machine of the cluster: the newest checkpoints, what came of the training, and how far it has come.

An actor on the machine where the stage runs: it writes to the workspace there, which no worker sees.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from retrain.checkpoints import CHECKPOINT_SEAL, KEPT, checkpoint_step, newest_checkpoint, seal_checkpoint
from retrain.cluster.folder_files import Piece, pieces, read_piece, write_piece


class CheckpointKeeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._whole: dict[str, set[int]] = {}
        """Of what is still being written, by name: the workers whose part of it is here."""
        self._steps = 0

    def write(self, name: str, piece: Piece, content: bytes) -> None:
        """Of a worker's part of a checkpoint; other workers may write theirs meanwhile."""
        if name not in self._whole:
            shutil.rmtree(self._folder / name, ignore_errors=True)
            self._whole[name] = set()
        if piece.path != CHECKPOINT_SEAL:
            write_piece(self._folder / name, piece, content)

    def finish(self, name: str, worker: int, workers: int) -> None:
        """A worker has written its part. Once `workers` have, the checkpoint is sealed, and kept beside the one before,
        in case this one is damaged."""
        self._whole[name].add(worker)
        if len(self._whole[name]) < workers:
            return
        del self._whole[name]
        seal_checkpoint(self._folder / name)
        for older in sorted(self._folder.glob("checkpoint-*"), key=checkpoint_step)[:-KEPT]:
            shutil.rmtree(older)

    def newest(self) -> str | None:
        """A whole checkpoint's name, for workers that begin: what others were writing is never finished."""
        self._whole.clear()
        path = newest_checkpoint(self._folder)
        return None if path is None else Path(path).name

    def pieces(self, name: str) -> list[Piece]:
        return list(pieces(self._folder / name))

    def read(self, name: str, piece: Piece) -> bytes:
        return read_piece(self._folder / name, piece)

    def count(self, steps: int) -> None:
        """So many are done; after a machine was lost, some of them are done again."""
        self._steps = max(self._steps, steps)

    def steps(self) -> int:
        return self._steps
