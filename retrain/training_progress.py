"""How far a training has come, on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import TrainerCallback


def training_progress(steps: int) -> TrainerCallback:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from transformers import TrainerCallback

    bar = Progress(
        TextColumn("train"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps, loss {task.fields[loss]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    task = bar.add_task("train", total=steps, loss="–")

    class Shown(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            bar.start()

        def on_log(self, _: Any, state: Any, __: Any, logs: dict[str, Any] | None = None, **___: Any) -> None:
            if logs and "loss" in logs:
                bar.update(task, completed=state.global_step, loss=f"{float(logs['loss']):.3f}")

        def on_train_end(self, *_: Any, **__: Any) -> None:
            bar.stop()

    return Shown()
