"""Chapters for applications: asked for at once or as a job, and asked after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from errata.database.chapter_requests import ChapterRequest
from errata.database.store import Store
from errata.domain.hashing import sha256
from errata.errors import BadInput, NotFound
from errata.formats.source_rows import Adjustment
from errata.operations.answering import AskedChapters, GivenAnswer, answer_of, prediction_called
from errata.operations.asked_talk import AskedTalk, TalkDetails, talk_of_captions, talk_of_segments, talk_of_text
from errata.operations.confidence import border_confidences
from errata.service.chapter_answers import failure_sentence
from errata.service.departure import unless_departed
from errata.service.door_errors import BadField
from errata.service.identity import Identity, KeyHolder, needs
from errata.service.messages import AnsweredChapter, ChaptersAnswer, ChaptersAsked, JobMessage, ProblemMessage
from errata.service.service_settings import ServiceSettings
from errata.service.service_state import ServiceState, state

SHORT = 100
"""Segments."""
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemMessage, "description": what}
    for status, what in (
        (401, "No key, or a wrong one"),
        (403, "The key's role may not"),
        (409, "The record says no"),
        (422, "A field can't be used"),
        (429, "Too many at once: come back after Retry-After seconds"),
        (503, "The model or the record can't be used now"),
    )
}
router = APIRouter(tags=["chapters"], responses=PROBLEMS)
Caller = Annotated[Identity, Depends(needs("predictor", audited=False))]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="Of your own making. The same key with the same body gives the same answer, recorded once.",
    ),
]


@router.post(
    "/v1/chapters",
    response_model=ChaptersAnswer,
    responses={202: {"model": JobMessage, "description": "A job, with `wait=false`: ask for it at `/v1/jobs/{job}`"}},
)
async def ask_chapters(
    request: Request,
    asked: ChaptersAsked,
    caller: Caller,
    wait: Annotated[bool, Query(description="Whether to answer now, or to begin a job")] = True,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Chapters of a talk. What is answered stands in the record before it is sent."""
    service = state(request)
    talk = await _read(asked, service.settings)
    question = AskedChapters(
        talk.transcript,
        caller.name,
        sha256(asked.model_dump_json()),
        None if idempotency_key is None else sha256(idempotency_key),
    )
    if not wait:
        job = await service.answers.later(question)
        return _json(JobMessage(job=job.name, state="waiting"), 202, {"Location": f"/v1/jobs/{job.name}"})
    given = await unless_departed(request, service.answers.now(question))
    return _json(await answer_message(service, given, talk.adjustments))


@router.get("/v1/jobs/{job}", response_model=JobMessage)
async def ask_job(request: Request, job: str, caller: Caller) -> Response:
    """How far a job is, and its answer once there is one."""

    def read(store: Store) -> tuple[ChapterRequest, GivenAnswer | None]:
        found = store.chapter_requests.called(job)
        if found is None or (found.by != caller.name and caller.role != "admin"):
            raise NotFound("there is no job {!r} of yours", job[:64])
        return found, answer_of(store, found)

    service = state(request)
    return _json(await _job_message(service, *await service.read(read)))


@router.get("/v1/predictions/{prediction}", response_model=ChaptersAnswer)
async def ask_prediction(request: Request, prediction: str, caller: KeyHolder) -> Response:
    """A prediction that was given before; a program sees those that were given to it."""
    by = caller.name if caller.role == "predictor" else None
    service = state(request)
    given = await service.read(lambda store: prediction_called(store, prediction, by))
    return _json(await answer_message(service, given))


async def answer_message(
    service: ServiceState, given: GivenAnswer, adjustments: Mapping[Adjustment, int] | None = None
) -> ChaptersAnswer:
    talk, prediction = given.transcript, given.prediction
    calibration = await service.calibrations.of(prediction.model)
    confidences = border_confidences(prediction.confidences, calibration)
    return ChaptersAnswer(
        prediction=given.prediction_key,
        request=given.request,
        id=talk.external_id,
        unit=talk.unit,
        duration=talk.duration,
        model=prediction.model,
        template=prediction.template,
        chapters=[
            AnsweredChapter(start=chapter.start, title=chapter.title, confidence=confidence)
            for chapter, confidence in zip_longest(prediction.chapters, confidences.values)
        ],
        calibrated=confidences.calibrated,
        problems=list(prediction.problems),
        adjustments={str(kind): count for kind, count in (adjustments or {}).items()},
    )


async def _job_message(service: ServiceState, request: ChapterRequest, given: GivenAnswer | None) -> JobMessage:
    if given is not None:
        return JobMessage(job=request.name, state="done", answer=await answer_message(service, given))
    if request.failure is not None:
        return JobMessage(job=request.name, state="failed", failure=failure_sentence(request.failure))
    return JobMessage(job=request.name, state="waiting")


def _json(message: ChaptersAnswer | JobMessage, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(message.model_dump_json(), status, headers, "application/json")


async def _read(asked: ChaptersAsked, settings: ServiceSettings) -> AskedTalk:
    """In a thread, so that nobody waits for the reading of a long talk; a short one is read sooner than handed over."""
    if asked.segments is not None and len(asked.segments) <= SHORT:
        return _talk(asked, settings)
    return await asyncio.to_thread(_talk, asked, settings)


def _talk(asked: ChaptersAsked, settings: ServiceSettings) -> AskedTalk:
    """Raises BadField."""
    field = next(name for name in ("segments", "captions", "text") if getattr(asked, name) is not None)
    with wrong_in(field):
        return _talk_in(asked, settings)


def _talk_in(asked: ChaptersAsked, settings: ServiceSettings) -> AskedTalk:
    details = TalkDetails(asked.id, asked.title, asked.description, asked.channel)
    if asked.segments is not None:
        _check_lines(len(asked.segments), settings)  # before they are read, which takes longest
        _check_order(asked)
        rows = [segment.model_dump() for segment in asked.segments]
        talk = talk_of_segments(rows, asked.duration, details)
    elif asked.captions is not None:
        talk = talk_of_captions(asked.captions.text, asked.captions.format, details)
    else:
        talk = talk_of_text(asked.text or "", details)
    check_limits(talk, settings)
    return talk


@contextmanager
def wrong_in(field: str) -> Iterator[None]:
    """Bad input within the block is that field's, where no more is known."""
    try:
        yield
    except BadField:
        raise
    except BadInput as error:
        raise BadField(field, "{}", error) from error


def _check_order(asked: ChaptersAsked) -> None:
    """Raises BadField. Slips of files are put right; a program can send its segments in order."""
    before = 0.0
    for place, segment in enumerate(asked.segments or ()):
        if segment.start < before:
            raise BadField(
                f"segments.{place}.start",
                "it is {:g}, before that of the segment before it ({:g}); sort them by start",
                segment.start,
                before,
            )
        before = segment.start


def check_limits(talk: AskedTalk, settings: ServiceSettings) -> None:
    """Raises BadInput for a talk that is longer than the service takes."""
    _check_lines(len(talk.transcript.lines), settings)
    duration = talk.transcript.duration
    if talk.transcript.unit == "seconds" and duration > settings.transcript_seconds:
        raise BadInput("the talk lasts {:g} s, and {} are taken at most; cut it", duration, settings.transcript_seconds)


def _check_lines(count: int, settings: ServiceSettings) -> None:
    if count > settings.transcript_lines:
        raise BadInput("the talk has {} lines, and {} are taken at most; cut it", count, settings.transcript_lines)
