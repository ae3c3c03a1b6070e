"""What judges are asked about, from a finished night and from the record."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from errata.database.record import Record
from errata.database.store import Store
from errata.documents.file_names import ITEMS
from errata.documents.scored_items import ScoredItemRow, read_scored_items, rows_of
from errata.domain.correction import DoubleReview, Preference, same_chapters
from errata.errors import NotFound
from errata.inference.predictor import Predictor
from errata.inference.recorded import TOGETHER, RecordedModel
from evaluation.judges.judged_item import AnswerPair, JudgedItem, cluster_of
from evaluation.judges.second_opinion import SecondOpinion

NEWEST = 200
"""Corrections that agreement is measured on: kappa to within about 0.1 (196 for a kappa of 0.7)."""
SPAN = 4_096
"""Numbers of the record among which they are looked for first."""

Sides = tuple[str, str]
"""Old and new, as `items.parquet` names them."""


def night_items(record: Record, folder: Path, sides: Sides = ("champion", "candidate")) -> list[JudgedItem]:
    """The fresh items of a finished night that both sides answered, by transcript; forgotten ones are left out.

    Raises NotFound where `folder` holds no scores, BadInput where they are of another make.
    """
    path = folder / ITEMS
    if not path.is_file():
        raise NotFound(f"{path} is not there; run that night first: errata nightly --date {shlex.quote(folder.name)}")
    rows = [row for row in read_scored_items(path) if row.part == "fresh"]
    old, new = (rows_of(rows, side) for side in sides)
    items = [_item(record, old[number], new[number]) for number in sorted(old.keys() & new.keys())]
    return [item for item in items if item is not None]


def _item(record: Record, old: ScoredItemRow, new: ScoredItemRow) -> JudgedItem | None:
    """None where the transcript was forgotten since."""
    with record.read() as store:
        try:
            transcript = store.transcripts.read(new.transcript)
        except NotFound:
            return None
    return JudgedItem(
        number=new.transcript,
        transcript=transcript,
        cluster=cluster_of(new.channel, new.transcript),
        champion=old.predicted_chapters,
        candidate=new.predicted_chapters,
        reviewed=new.reference_chapters,
        kind=new.kind,
        effect=new.f1 - old.f1,
    )


def reviewed_pairs(record: Record, upto: int, newest: int = NEWEST) -> list[AnswerPair]:
    """What reviewers left against what had been predicted, as of the watermark `upto`: the newest of them, in order.

    Sealed transcripts are left alone: nothing that is asked every night may look at them. Looks no further back than it
    must, so that a night's cost doesn't grow with the record.
    """
    with record.read() as store:
        span, preferences = SPAN, _preferences(store, upto - SPAN, upto)
        while len(preferences) < newest and span < upto:
            span *= 4
            preferences = _preferences(store, upto - span, upto)
        return [_reviewed_pair(store, preference) for preference in preferences[-newest:]]


def _preferences(store: Store, after: int, upto: int) -> list[Preference]:
    return [preference for preference in store.labels.preferences(max(after, 0), upto) if preference.role != "sealed"]


def _reviewed_pair(store: Store, preference: Preference) -> AnswerPair:
    transcript = store.transcripts.read(preference.transcript)
    cluster = cluster_of(transcript.channel, preference.transcript)
    return AnswerPair(transcript, preference.rejected, preference.chosen, cluster, 1)


def second_opinions(record: Record, upto: int, newest: int = NEWEST) -> list[SecondOpinion]:
    """What one reviewer left against what had been predicted, with each other reviewer's chapters, of the `newest`
    transcripts that more than one has reviewed, as of the watermark `upto`. Sealed ones are left alone."""
    with record.read() as store:
        reviews = [review for review in store.double_reviews.newest(upto, newest) if review.role != "sealed"]
        return [opinion for review in reviews for opinion in _second_opinions(store, review)]


def _second_opinions(store: Store, review: DoubleReview) -> Iterator[SecondOpinion]:
    transcript = store.transcripts.read(review.transcript)
    cluster = cluster_of(review.channel, review.transcript)
    for first in review.opinions:
        if first.predicted is None or same_chapters(first.predicted, first.chapters):
            continue  # an accepted prediction is no pair
        pair = AnswerPair(transcript, first.predicted, first.chapters, cluster, 1)
        yield from (SecondOpinion(pair, other.chapters) for other in review.opinions if other is not first)


def answer_items(
    record: Record, champion: Predictor, contender: Predictor, transcripts: Sequence[int]
) -> Iterator[list[JudgedItem]]:
    """An item for each transcript, that nobody has reviewed, as both sides answer it: in their order and a few at a
    time, so that no more is answered than can be judged."""
    for begin in range(0, len(transcripts), TOGETHER):
        yield _unlabelled_items(record, champion, contender, transcripts[begin : begin + TOGETHER])


def _unlabelled_items(
    record: Record, champion: Predictor, contender: Predictor, transcripts: Sequence[int]
) -> list[JudgedItem]:
    old, new = (RecordedModel(record, side).predict_all(transcripts) for side in (champion, contender))
    with record.read() as store:
        texts = {seq: store.transcripts.read(seq) for seq in transcripts}
    return [
        JudgedItem(seq, text, cluster_of(text.channel, seq), old[seq].chapters, new[seq].chapters)
        for seq, text in texts.items()
    ]
