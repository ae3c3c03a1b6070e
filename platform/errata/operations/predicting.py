"""The champion's answers, for reviewers to correct."""

from __future__ import annotations

import time
from dataclasses import dataclass

from errata.domain.draft_draw import DraftDraw
from errata.domain.prediction import Prediction
from errata.inference.artefact import model_folder
from errata.inference.forks import ForkedModel
from errata.inference.recorded import RecordedModel
from errata.operations.chapters_asked import check_chapters_asked
from errata.operations.drafting import draft_draw
from errata.progress import ProgressBar, no_progress_bar
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PredictionRun:
    model: str
    predicted: int
    """Transcripts."""
    by_challenger: int
    """Those that the challenger answered besides, for its drafts."""
    with_problems: int
    """Answers that could not be read whole."""
    seconds: float


def predict(
    workspace: Workspace, model: str = "champion", progress_bar: ProgressBar = no_progress_bar
) -> PredictionRun:
    """Drafts chapters, by `model` (an alias, or the beginning of an identity), of all that nobody has reviewed yet.

    A transcript that is reviewed needs no draft; a night asks models about it where it compares them. A challenger that
    drafts too (see `draft_draw`) answers those that are drawn for it. Raises Refused where models answer chats.
    """
    check_chapters_asked(workspace, "drafting")
    draw, began = draft_draw(workspace, model), time.monotonic()
    identity, *challengers = draw.models
    predictions = _draft(workspace, identity, progress_bar)
    drawn = [answer for other in challengers for answer in _draft(workspace, other, progress_bar, draw)]
    return PredictionRun(
        model=identity,
        predicted=len(predictions),
        by_challenger=len(drawn),
        with_problems=sum(bool(prediction.problems) for prediction in (*predictions, *drawn)),
        seconds=round(time.monotonic() - began, 1),
    )


def _draft(
    workspace: Workspace, identity: str, progress_bar: ProgressBar, draw: DraftDraw | None = None
) -> list[Prediction]:
    """A model's answers to what waits for a draft of its own; with a draw, to what is drawn for it."""
    predictor = ForkedModel(identity, model_folder(identity, workspace.models), workspace.models)
    with workspace.record.read() as store:
        waiting = store.transcripts.awaiting_draft(predictor.key.model, predictor.key.template)
        if draw is not None:
            waiting = [seq for seq in waiting if draw.model_for(store.transcripts.hash_of(seq)) == identity]
    with progress_bar(f"predict {identity[:8]}", len(waiting)) as advance:
        return list(RecordedModel(workspace.record, predictor).predict_all(waiting, advance).values())
