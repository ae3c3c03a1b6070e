"""What a workspace waits for."""

from __future__ import annotations

from typing import Literal

from errata.workspace import Workspace

NextStep = Literal["import", "predict", "review", "night", "approve"]
"""Transcripts are to come in; to be drafted; drafts to be reviewed; a night to be run; a promotion to be approved."""


def next_step(workspace: Workspace) -> NextStep:
    """The one that is nearest to a night, or to the promotion of what a night found. With reviewers at work too it is
    `review`: the record knows them by what they bring back."""
    with workspace.record.read() as store:
        watermark, champion = store.watermark(), store.aliases.model_of("champion")
        if store.nights.unfinished() is not None:
            return "night"
        if store.pending_promotions.waiting():
            return "approve"
        if store.labels.changed_transcripts(store.nights.last_gate_watermark(), watermark):
            return "night"
        if store.asked_task.name() != "chapters":  # which nobody drafts or reviews
            return "import"
        waiting = len(store.transcripts.awaiting_review(watermark))
        if not waiting:
            return "import"
        return "predict" if champion is None or store.predictions.drafts(champion) < waiting else "review"
