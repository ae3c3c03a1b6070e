"""What the service's answers leave in the record, and what of them a request to forget takes away."""

from __future__ import annotations

import pytest

from errata.database.record import Record
from errata.errors import Forgotten, NotFound, Refused
from errata.inference.predictor import AnswerKey
from errata.operations.answering import (
    AskedChapters,
    answer_of,
    finish_job,
    look_up,
    prediction_called,
    record_answer,
    record_given,
    record_job,
)
from errata.tasks.template import Reading
from tests.made_up_record import chapters, talk

KEY = AnswerKey("m" * 64, "inline@1")
ANSWER = Reading(chapters(0, 50))


def asked(body: str = "b", key: str | None = "k") -> AskedChapters:
    return AskedChapters(talk("t"), "app", body * 64, key and key * 64)


def test_a_request_is_known_again_by_its_key_and_its_body(record: Record) -> None:
    with record.write() as store:
        given = record_answer(store, asked(), KEY, ANSWER)
    with record.read() as store:
        found = look_up(store, asked(), lambda _: KEY)
        assert found.request is not None and answer_of(store, found.request) == given
        with pytest.raises(Refused, match="another body"):
            look_up(store, asked("c"), lambda _: KEY)
        assert look_up(store, asked(key=None), lambda _: KEY).prediction is not None, "the same words need no model"
        assert look_up(store, asked(key=None), lambda _: AnswerKey("n" * 64, "inline@1")).prediction is None


def test_the_first_answer_of_a_model_stays(record: Record) -> None:
    with record.write() as store:
        first = record_answer(store, asked(), KEY, ANSWER)
        again = record_answer(store, asked(key=None), KEY, Reading(chapters(0, 70)))
    assert again.prediction == first.prediction and again.request != first.request


def test_a_job_is_answered_later(record: Record) -> None:
    with record.write() as store:
        job = record_job(store, asked())
        assert answer_of(store, job) is None
        finish_job(store, job, KEY, ANSWER)
        done = store.chapter_requests.called(job.name)
        assert done is not None
        answer = answer_of(store, done)
    assert answer is not None and answer.prediction.chapters == ANSWER.chapters


def test_nothing_of_a_forgotten_talk_is_given_again(record: Record) -> None:
    with record.write() as store:
        given = record_answer(store, asked(), KEY, ANSWER)
        job = record_job(store, asked(key="j"))
        store.tombstones.record_deletion("t", "olga", "asked")
    with record.read() as store:
        with pytest.raises(Forgotten):
            look_up(store, asked(key=None), lambda _: KEY)
        for name in (None, "app"):
            with pytest.raises(NotFound):
                prediction_called(store, given.prediction_key, name)
        request = store.chapter_requests.called(given.request)
        assert request is not None
        with pytest.raises(NotFound):
            answer_of(store, request)
    with pytest.raises(NotFound), record.write() as store:
        finish_job(store, job, KEY, ANSWER)


def test_a_prediction_is_for_who_was_given_it(record: Record) -> None:
    with record.write() as store:
        given = record_answer(store, asked(), KEY, ANSWER)
        seq = store.predictions.seq_of(1, KEY.model, KEY.template)
        assert seq is not None
        with pytest.raises(NotFound, match="given to you"):
            prediction_called(store, given.prediction_key, "other")
        record_given(store, AskedChapters(talk("t"), "other", "b" * 64), seq)
        assert prediction_called(store, given.prediction_key, "other").prediction == given.prediction
