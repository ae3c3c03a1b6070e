"""Files that any system has written, scored: by nothing of ours but the metrics."""

from __future__ import annotations

from pathlib import Path

from errata.progress import counter, note
from evaluation.score_files import FileScores, open_meteor, score_files
from evaluation.score_masses import MassScores, score_masses

__all__ = ["FileScores", "MassScores", "score_chapters", "score_masses"]


def score_chapters(reference: Path, predictions: Path) -> FileScores:
    """Raises BadInput for a file that can't be used."""
    with open_meteor() as meteor, counter("videos") as advance:
        if meteor.missing:
            note(f"soda_c and meteor are left out, {meteor.name} stands beside them: {meteor.missing}")
        return score_files(reference, predictions, meteor, advance)
