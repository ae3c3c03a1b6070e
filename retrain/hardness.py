"""How hard the champion finds what it has trained on: the loss of the right answer, without being asked for one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from errata.inference.artefact import model_parts
from errata.inference.chapter_task import task_of
from errata.progress import progress_bar
from errata.tasks.task import examples
from errata.tasks.template import Reading
from retrain.objectives.pair_logits import label_log_probabilities, row_logits
from retrain.training_rows import TrainingRow


def champion_losses(champion: Path, models: Path, rows: Sequence[TrainingRow]) -> list[float]:
    """Of each row, in nats a label, over all its windows that fit; `models` is where an adapter's base is kept."""
    import torch

    from errata.inference.torch import load_model

    task, losses = task_of(champion, models), list[float]()
    model = load_model(*model_parts(champion, models))
    with torch.inference_mode(), progress_bar("how hard old rows are", len(rows)) as advance:
        for row in rows:
            transcript = row.read_transcript()
            windows = [
                example.encoded
                for example in examples(task, transcript, Reading.of(row.read_chapters(), transcript))
                if len(example.encoded.input_ids) <= task.context
            ]
            said = [label_log_probabilities(row_logits(model, window)) for window in windows]
            losses.append(-torch.cat(said).mean().item() if said else 0.0)
            advance()
    return losses
