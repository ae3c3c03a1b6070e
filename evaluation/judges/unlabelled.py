"""Talks that nobody has reviewed, answered by both sides: what judges can say beside what people labelled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from errata.database.record import Record
from errata.inference.predictor import Predictor
from errata.inference.recorded import TOGETHER, RecordedModel
from evaluation.judges.judged_item import JudgedItem, cluster_of


def answer_items(
    record: Record, champion: Predictor, contender: Predictor, transcripts: Sequence[int]
) -> Iterator[list[JudgedItem]]:
    """An item a transcript, in their order and a few at a time, so that no more is answered than can be judged."""
    for begin in range(0, len(transcripts), TOGETHER):
        yield _items(record, champion, contender, transcripts[begin : begin + TOGETHER])


def _items(record: Record, champion: Predictor, contender: Predictor, transcripts: Sequence[int]) -> list[JudgedItem]:
    old, new = (RecordedModel(record, side).predict_all(transcripts) for side in (champion, contender))
    with record.read() as store:
        texts = {seq: store.transcripts.read(seq) for seq in transcripts}
    return [
        JudgedItem(seq, text, cluster_of(text.channel, seq), old[seq].chapters, new[seq].chapters)
        for seq, text in texts.items()
    ]
