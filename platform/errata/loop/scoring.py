"""Files that any system has written, scored: by nothing of ours but the metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from errata.progress import counter, note

if TYPE_CHECKING:
    from evaluation.score_files import FileScores
    from evaluation.score_masses import MassScores

__all__ = ["FileScores", "MassScores", "score_chapters", "score_segmentation"]


def score_chapters(reference: Path, predictions: Path) -> FileScores:
    """Raises BadInput for a file that can't be used."""
    from evaluation.score_files import open_meteor, score_files

    with open_meteor() as meteor, counter("videos") as advance:
        if meteor.missing:
            note(f"soda_c and meteor are left out, {meteor.name} stands beside them: {meteor.missing}")
        return score_files(reference, predictions, meteor, advance)


def score_segmentation(path: Path) -> MassScores:
    from evaluation.score_masses import score_masses

    return score_masses(path)
