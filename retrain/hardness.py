"""How hard the champion finds what it has trained on: the loss of the right answer, without being asked for one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from errata.inference.chapter_task import task_of
from errata.inference.sensed_frames import features_beside
from errata.progress import progress_bar
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import Encoded
from errata.tasks.task import examples
from retrain.objectives.pair_logits import label_log_probabilities, row_logits
from retrain.seen_rows import VectorsById, seen_transcript
from retrain.training_rows import TrainingRow

WINDOWS = 2
"""A long talk has ten, each of which takes a model of 270 million weights seconds on a CPU."""


def champion_losses(
    champion: Path, models: Path, rows: Sequence[TrainingRow], vectors: VectorsById = MappingProxyType({})
) -> list[float]:
    """Of each row, in nats a label, over `WINDOWS` of its windows; `models` is where an adapter's base is kept, and
    what `vectors` there are is shown to a champion that sees or hears."""
    import torch

    from errata.inference.torch import load_seeing_model

    task, losses = task_of(champion, models), list[float]()
    model, features = load_seeing_model(champion, models), features_beside(models)
    with torch.inference_mode(), progress_bar("how hard old rows are", len(rows)) as advance:
        for row in rows:
            windows = _windows(row, task, vectors)
            said = [label_log_probabilities(row_logits(model, window, features)) for window in windows]
            losses.append(-torch.cat(said).mean().item() if said else 0.0)
            advance()
    return losses


def _windows(row: TrainingRow, task: ChapterTask, vectors: VectorsById) -> list[Encoded]:
    """Of those that fit, `WINDOWS`, spread over the talk."""
    transcript = seen_transcript(row, vectors)
    windows = [
        example.encoded
        for example in examples(task, transcript, task.right(row.read_chapters(), transcript))
        if len(example.encoded.input_ids) <= task.context
    ]
    count = min(WINDOWS, len(windows))
    return [windows[(2 * place + 1) * len(windows) // (2 * count)] for place in range(count)]
