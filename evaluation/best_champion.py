"""The best champion there ever was, on the anchor: what small losses, each within its margin, must not add up below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from errata.database.record import Record
from errata.database.tables import MoveRow
from errata.documents.night import Night
from evaluation.items import Item, ScoredModel, read_questions, recorded_f1, stored_model
from evaluation.statistics.paired import compare


def best_champion(
    record: Record,
    models: Path,
    night: Night,
    anchor: Sequence[Item],
    seed: int,
    exports: Mapping[str, str] | None = None,
) -> ScoredModel | None:
    """The best past champion by its recorded answers; None where there is nothing to tell it by. Where models answer by
    `exports`, one without is left out.

    All are compared on the items that every one of them has answered. Neither what is answered tonight counts nor whom
    tonight promotes, so that a night that is resumed comes to the same one.
    """
    with record.read() as store:
        identities = past_champions(store.aliases.moves("champion"), night.label)
    stored = (stored_model("best", identity, models, exports) for identity in identities)
    champions = [model for model in stored if model is not None]
    questions = read_questions(record, anchor)
    scores = [recorded_f1(record, champion, questions, night.gate_watermark) for champion in champions]
    common = [place for place in range(len(questions)) if all(f1[place] is not None for f1 in scores)]
    if not champions or not common:
        return None
    rows = [[float(f1[place] or 0.0) for place in common] for f1 in scores]
    return champions[ladder(rows, [anchor[place].cluster for place in common], seed)]


def past_champions(moves: Iterable[MoveRow], tonight: str) -> list[str]:
    """Each model that the champion's alias ever meant, in the order in which it first did."""
    return list(dict.fromkeys(move.model for move in moves if move.model and move.night != tonight))


def ladder(scores: Sequence[Sequence[float]], clusters: Sequence[str], seed: int) -> int:
    """Which of several models, in the order in which they came, is the best by the same items.

    A later one only takes over when it is better by more than the standard error of the difference: the Ladder (Blum &
    Hardt 2015, arXiv 1502.04585) with η = SE. The highest mean of many is too high by chance alone, and a bar that is
    too high would turn honest candidates away.
    """
    best = 0
    for place in range(1, len(scores)):
        difference = compare(scores[place], scores[best], clusters, seed)
        if difference.effect is not None and difference.effect > (difference.se or 0.0):
            best = place
    return best
