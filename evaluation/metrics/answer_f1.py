"""The F1 of an answer, by which every task is decided, without its other metrics, which cost some twenty times as
much."""

from __future__ import annotations

from errata.domain.chapter import Chapters
from errata.domain.task_name import TaskName
from evaluation.metrics.description_score import score_descriptions
from evaluation.metrics.message_score import score_messages
from evaluation.metrics.overlap import mean_f1


def answer_f1(task: TaskName, right: Chapters, answer: Chapters, duration: float) -> float:
    """Of borders, of messages' words or of descriptions' words; percent."""
    if task == "chat":
        return score_messages(right, answer).f1
    if task == "description":
        return score_descriptions(right, answer).f1
    return mean_f1(right, answer, duration)
