"""How far a training has come, on stderr: a bar on a terminal, and lines in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errata.progress import LogLines

if TYPE_CHECKING:
    from rich.console import Console
    from transformers import TrainerCallback


def training_progress(steps: int) -> TrainerCallback:
    from rich.console import Console

    console = Console(stderr=True)
    return _bar(steps, console) if console.is_terminal else _lines(steps)


def _bar(steps: int, console: Console) -> TrainerCallback:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from transformers import TrainerCallback

    bar = Progress(
        TextColumn("train"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps, loss {task.fields[loss]}"),
        TimeRemainingColumn(),
        console=console,
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


def _lines(steps: int) -> TrainerCallback:
    from transformers import TrainerCallback

    lines = LogLines()

    class Logged(TrainerCallback):
        def on_log(self, _: Any, state: Any, __: Any, logs: dict[str, Any] | None = None, **___: Any) -> None:
            if logs and "loss" in logs:
                lines.say(f"train: {state.global_step:,} of {steps:,} steps, loss {float(logs['loss']):.3f}")

        def on_train_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            lines.end(f"train: {state.global_step:,} of {steps:,} steps")

    return Logged()
