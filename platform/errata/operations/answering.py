"""What the service's answers leave in the record, and which of them need no model: they were given before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

from errata.database.chapter_requests import ChapterRequest, Failure
from errata.database.store import Store
from errata.domain.prediction import Prediction, template_for
from errata.domain.transcript import Transcript
from errata.errors import NotFound, Refused
from errata.inference.predictor import AnswerKey
from errata.operations.service_streaming import finish_stream
from errata.tasks.template import Reading

KeyFor = Callable[[Transcript], AnswerKey | None]
"""Under which the answers of whoever answers that talk are known; None where nobody does."""


@dataclass(frozen=True, slots=True)
class AskedChapters:
    transcript: Transcript
    by: str
    """Whose key asks."""
    body: str
    """SHA-256 of what was asked."""
    idempotency_key: str | None = None
    """SHA-256 of the key that came with it."""


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """What the record knows of what is asked."""

    transcript: Transcript
    """The one to answer: the record's own, where it has these words under this id already; with the vectors that there
    are of the recording of that id."""
    request: ChapterRequest | None = None
    """The same request, where it came before."""
    prediction: int | None = None
    """`seq` of what this model answered to these words before."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    prediction: Prediction
    prediction_key: str
    """Its content hash, by which it is asked after and corrected."""
    transcript: Transcript
    request: str = ""
    """By which the request is asked after; empty where it isn't known which one it was."""


def new_name() -> str:
    """Of a request."""
    return uuid4().hex


def look_up(store: Store, asked: AskedChapters, key_for: KeyFor) -> EarlierAnswer:
    """Raises Refused where something else was asked under the same idempotency key, and Forgotten for a transcript that
    was."""
    if asked.idempotency_key is not None:
        request = store.chapter_requests.under_key(asked.by, asked.idempotency_key)
        if request is not None:
            check_body(request.body, asked)
            return EarlierAnswer(asked.transcript, request)
    seq = store.transcripts.known(asked.transcript)
    if seq is None:
        vectors = store.videos.vectors_of(asked.transcript.external_id)
        transcript = replace(asked.transcript, vectors=vectors) if vectors else asked.transcript
        transcript.prepare()  # now, and not while others wait for who writes it
        return EarlierAnswer(transcript)
    known = store.transcripts.read(seq)
    key = key_for(known)
    if key is None:
        return EarlierAnswer(known)
    return EarlierAnswer(known, None, store.predictions.seq_of(seq, key.model, template_for(key.template, known)))


def check_body(before: str, asked: AskedChapters) -> None:
    """Raises Refused where what came before under the same idempotency key is another body."""
    if before != asked.body:
        raise Refused("this Idempotency-Key came with another body before; give each request a key of its own")


def record_answer(store: Store, asked: AskedChapters, key: AnswerKey, reading: Reading) -> GivenAnswer:
    """The transcript, what the model said of it and the request itself: all of it, or nothing."""
    transcript = store.transcripts.add(asked.transcript).seq
    seq, prediction = record_prediction(store, transcript, asked.transcript, key, reading)
    request = _record_request(store, asked, transcript, seq)
    return GivenAnswer(prediction, prediction.hash, asked.transcript, request)


def record_given(store: Store, asked: AskedChapters, prediction: int) -> GivenAnswer:
    """That a prediction which is there already was an answer to this request too."""
    given = given_prediction(store, prediction, asked.transcript)
    return replace(given, request=_record_request(store, asked, given.prediction.transcript, prediction))


def _record_request(store: Store, asked: AskedChapters, transcript: int, prediction: int) -> str:
    """The request's name."""
    request = ChapterRequest(new_name(), asked.by, asked.body, transcript, asked.idempotency_key, prediction)
    store.chapter_requests.add(request)
    return request.name


def record_job(store: Store, asked: AskedChapters) -> ChapterRequest:
    """What is to be answered later, whatever happens to this process meanwhile."""
    transcript = store.transcripts.add(asked.transcript).seq
    request = ChapterRequest(new_name(), asked.by, asked.body, transcript, asked.idempotency_key)
    store.chapter_requests.add(request)
    return request


def finish_job(store: Store, request: ChapterRequest, key: AnswerKey, reading: Reading) -> None:
    """Raises Forgotten where the transcript was, while the model read it."""
    transcript = store.transcripts.read(request.transcript)
    seq, prediction = record_prediction(store, request.transcript, transcript, key, reading)
    store.chapter_requests.finish(request.name, prediction=seq)
    finish_stream(store, request.name, prediction.chapters, key.model, seq, None)


def fail_job(store: Store, request: ChapterRequest, failure: Failure) -> None:
    """Says why it has no answer and gets none."""
    store.chapter_requests.finish(request.name, failure=failure)
    finish_stream(store, request.name, (), "", None, failure)


def answer_of(store: Store, request: ChapterRequest) -> GivenAnswer | None:
    """What a request was answered; None where it isn't, or not yet. Raises NotFound where that was forgotten."""
    if request.prediction is None:
        return None
    return replace(given_prediction(store, request.prediction), request=request.name)


def prediction_called(store: Store, name: str, by: str | None) -> GivenAnswer:
    """The prediction of that key. Raises NotFound where there is none, or none that was given to `by`; with None,
    whoever it was given to."""
    found = store.predictions.find_by_hash(name)
    if found is None or (by is not None and not store.chapter_requests.was_told(by, found[0])):
        raise NotFound("there is no prediction {!r} that was given to you", name[:64])
    return given_prediction(store, found[0])


def given_prediction(store: Store, seq: int, transcript: Transcript | None = None) -> GivenAnswer:
    prediction = store.predictions.read(seq)
    text = transcript or store.transcripts.read(prediction.transcript)
    return GivenAnswer(prediction, store.predictions.hash_of(seq), text)


def record_prediction(
    store: Store, transcript: int, text: Transcript, key: AnswerKey, reading: Reading
) -> tuple[int, Prediction]:
    """Its number, and the one that is on record: where this model answered before, that first answer stays."""
    prediction = Prediction(
        transcript=transcript,
        model=key.model,
        template=template_for(key.template, text),
        chapters=reading.chapters,
        problems=reading.problems,
        foreign=key.foreign,
        confidences=reading.confidences,
    )
    added = store.predictions.add(prediction)
    return added.seq, prediction if added.new else store.predictions.read(added.seq)
