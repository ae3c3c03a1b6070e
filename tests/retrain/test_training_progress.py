"""What a long training says in a log, where nobody sees a bar."""

from __future__ import annotations

import pytest
from transformers import TrainerState

from retrain.training_progress import training_progress


def test_a_log_hears_how_far_a_training_has_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("errata.progress.FIRST_LINE", 0.0)
    progress, state = training_progress(8), TrainerState(global_step=4)
    progress.on_train_begin(None, state, None)
    progress.on_log(None, state, None, {"loss": 0.25})
    progress.on_log(None, state, None, {"train_runtime": 2.0})
    progress.on_train_end(None, state, None)
    said = ["train: 4 of 8 steps, loss 0.250, after 0 min", "train: 4 of 8 steps, after 0 min"]
    assert capsys.readouterr().err.splitlines() == said
