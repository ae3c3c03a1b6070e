"""Predictions on their way to a reviewer's tool, and the key by which the review finds its prediction again."""

from __future__ import annotations

from typing import NamedTuple

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript

KEY = "errata_prediction"
"""The name under which the key travels, in the task's data or metadata."""
START = "{start}"
"""Where, in a recording's address, the second stands from which it plays; many have none."""
BLIND = "errata_blind"
"""The name under which it travels there that the task was given without a draft."""


class ReviewTask(NamedTuple):
    """What a reviewer is shown: a transcript and, unless it is `blind`, what a model answered."""

    transcript: Transcript
    chapters: Chapters
    key: str
    """What names the prediction; comes back as the review's `prediction_key`, from a blind one too."""
    model: str
    """Whose answer it is, for the reviewer to see."""
    blind: bool = False
    """Without the draft, which a file for reviewers then doesn't hold."""
    media: str = ""
    """The address of the recording; empty where none is known."""
