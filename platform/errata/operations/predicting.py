"""The champion's answers, for reviewers to correct."""

from __future__ import annotations

import time
from dataclasses import dataclass

from errata.inference.artefact import model_folder
from errata.inference.forks import ForkedModel
from errata.inference.recorded import RecordedModel
from errata.operations.model_names import resolve_model
from errata.progress import ProgressBar, no_progress_bar
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PredictionRun:
    model: str
    predicted: int
    """Transcripts."""
    with_problems: int
    """Answers that could not be read whole."""
    seconds: float


def predict(
    workspace: Workspace, model: str = "champion", progress_bar: ProgressBar = no_progress_bar
) -> PredictionRun:
    """Drafts chapters, by `model` (an alias, or the beginning of an identity), of all that nobody has reviewed yet.

    A transcript that is reviewed needs no draft; a night asks models about it where it compares them.
    """
    identity = resolve_model(workspace, model)
    predictor = ForkedModel(identity, model_folder(identity, workspace.models), workspace.models)
    with workspace.record.read() as store:
        waiting = store.transcripts.awaiting_draft(predictor.key.model, predictor.key.template)
    began = time.monotonic()
    with progress_bar(f"predict {identity[:8]}", len(waiting)) as advance:
        predictions = RecordedModel(workspace.record, predictor).predict_all(waiting, advance).values()
    with_problems = sum(bool(prediction.problems) for prediction in predictions)
    return PredictionRun(identity, len(predictions), with_problems, round(time.monotonic() - began, 1))
