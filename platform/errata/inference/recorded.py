"""A predictor with a memory: each answer is computed once, and is found in the record from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from errata.database.record import Record
from errata.domain.chapter import Chapters
from errata.domain.prediction import Prediction, template_for, with_messages
from errata.domain.transcript import Transcript
from errata.inference.predictor import Predictor
from errata.tasks.chat_task import with_chat

NO_CHATS: Mapping[int, Chapters] = {}
TOGETHER = 8
"""Transcripts answered between two writes: what an interruption can cost."""


class RecordedModel:
    def __init__(self, record: Record, predictor: Predictor) -> None:
        self._record, self._predictor = record, predictor

    def predict_all(
        self,
        transcripts: Sequence[int],
        advance: Callable[[], None] = lambda: None,
        chats: Mapping[int, Chapters] = NO_CHATS,
    ) -> dict[int, Prediction]:
        """By transcript, recorded before this returns; `advance` is called after every answer. `chats` are the messages
        that stand beside some of them, and are asked about.

        A transcript that there is no answer to, as in a file, is left out.
        """
        key = self._predictor.key
        with self._record.read() as store:
            recorded = {
                seq: store.predictions.find(seq, key.model, with_messages(key.template, chats.get(seq, ())))
                for seq in transcripts
            }
        predictions = {seq: prediction for seq, prediction in recorded.items() if prediction is not None}
        for _ in predictions:
            advance()
        # Nothing is locked while a model answers, which takes minutes: texts are read, then answers written.
        unknown = [seq for seq in recorded if seq not in predictions]
        for begin in range(0, len(unknown), TOGETHER):
            with self._record.read() as store:
                texts = {
                    seq: with_chat(store.transcripts.read(seq), chats.get(seq, ()))
                    for seq in unknown[begin : begin + TOGETHER]
                }
            fresh = self._predict(texts, chats)
            with self._record.write() as store:
                for prediction in fresh:
                    store.predictions.add(prediction)
            for prediction in fresh:
                predictions[prediction.transcript] = prediction
                advance()
        return predictions

    def _predict(self, texts: Mapping[int, Transcript], chats: Mapping[int, Chapters]) -> list[Prediction]:
        key = self._predictor.key
        readings = zip(texts.items(), self._predictor.answer(list(texts.values())), strict=True)
        return [
            Prediction(
                transcript=seq,
                model=key.model,
                template=template_for(with_messages(key.template, chats.get(seq, ())), text),
                chapters=reading.chapters,
                problems=reading.problems,
                foreign=key.foreign,
                confidences=reading.confidences,
            )
            for (seq, text), reading in readings
            if reading is not None
        ]
