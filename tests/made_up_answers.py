"""Models that are nothing but a card and what they are known to have answered: scores without an engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card
from errata.settings import FILE
from errata.workspace import Workspace
from evaluation.items import ScoredModel
from tests.made_up_record import chapters, correction, talk

ASKED = "inline@1 limits@1"


def contender(models: Path, name: str, letter: str, seen: Sequence[str] = (), watermark: int = 0) -> ScoredModel:
    """A model of the identity `letter` · 64."""
    folder = models / (letter * 16)
    folder.mkdir(parents=True)
    Card("inline", 128, training_watermark=watermark).write(folder)
    (folder / TRAINING_TRANSCRIPTS).write_text(json.dumps(list(seen)))
    return ScoredModel(name, letter * 64, folder, watermark)


def begun_workspace(folder: Path, empty: Path) -> Workspace:
    """With a Day-0 that is the champion, and nothing else; `empty` is a database without rows."""
    (folder / FILE).touch()
    shutil.copyfile(empty, folder / "errata.db")
    workspace = Workspace.find(folder)
    day0 = contender(workspace.models, "day0", "d")
    with workspace.record.write() as store:
        for alias in ("day0", "champion"):
            store.aliases.assign_alias(alias, day0.identity, "day0", "test", None, None)
    return workspace


def corrected(
    record: Record, names: Sequence[str], role: str = "train", channels: int = 5, lines: int = 12
) -> list[int]:
    """Talks of two minutes (12 lines), each with two chapters that a reviewer gave: at 0 and at 60."""
    with record.write() as store:
        seqs = []
        for place, name in enumerate(names):
            spoken = talk(name, channel=f"channel {place % channels}", lines=lines)
            seqs.append(store.transcripts.add(spoken, role).seq)
            store.corrections.add(correction(seqs[-1], chapters(0, 60)))
    return seqs


def answered(record: Record, model: ScoredModel, transcripts: Sequence[int], at: float = 60) -> None:
    """It put the second chapter at `at`: right at 60."""
    with record.write() as store:
        for seq in transcripts:
            store.predictions.add(Prediction(seq, model.identity, ASKED, chapters(0, at)))


def mark(record: Record) -> int:
    with record.read() as store:
        return store.watermark()
