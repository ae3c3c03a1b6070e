"""What any system has written, files or an answer to a talk, scored: by nothing of ours but the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from errata.domain.chapter import Chapters
from errata.domain.correction import Label
from errata.errors import NotFound, Refused
from errata.progress import counter, note
from errata.workspace import Workspace
from evaluation.items import Item, read_questions
from evaluation.metrics.score import score_video
from evaluation.score_files import FileScores, open_meteor, score_files
from evaluation.score_masses import MassScores, score_masses

__all__ = ["FileScores", "MassScores", "score_answer", "score_chapters", "score_masses"]


def score_chapters(reference: Path, predictions: Path) -> FileScores:
    """Raises BadInput for a file that can't be used."""
    with open_meteor() as meteor, counter("videos") as advance:
        if meteor.missing:
            note(f"soda_c and meteor are left out, {meteor.name} stands beside them: {meteor.missing}")
        return score_files(reference, predictions, meteor, advance)


def score_answer(workspace: Workspace, talk: str, answer: Chapters) -> Mapping[str, float | None]:
    """By every metric, against the label of a talk that is not held out.

    Raises NotFound for a talk without a label, and Refused for one that is held out: a look at that is counted.
    """
    with workspace.record.read() as store:
        label = store.labels.of(store.transcripts.find(talk), store.watermark())
    if not isinstance(label, Label):
        raise NotFound(f"the talk {talk!r} has no label; errata show says why")
    if label.role not in ("train", "dev"):
        raise Refused(
            f"the talk {talk!r} is held out ({label.role}); `errata compare --on {label.role}` counts the look"
        )
    (question,) = read_questions(workspace.record, [Item("fresh", label)])
    return asdict(score_video(question.reference, answer, question.duration, question.unit))
