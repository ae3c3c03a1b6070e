"""How likely each line of a transcript is to begin a chapter, as a model that weighs lines says it."""

from __future__ import annotations

from errata.domain.transcript import Transcript
from errata.inference.model import LoadedModel
from errata.tasks.template import Reading


def line_odds(model: LoadedModel[Reading], transcript: Transcript) -> list[float]:
    """Log-odds of every line, in their order; empty for a model whose template weighs none. Titles aren't asked for."""
    odds: list[float] = []
    views = model.task.views(transcript)
    view = next(views)
    while True:
        if not model.task.weighs(view) and not odds:
            return []
        answer = model.ask(view) if model.task.weighs(view) else Reading(())
        odds += answer.odds
        try:
            view = views.send(answer)
        except StopIteration:
            return odds
