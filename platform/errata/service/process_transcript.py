"""`POST /process_transcript`, in the shapes of the chaptering service that Errata takes the place of.

    {"text": "…"}  ->  {"chapters": [{"title": "…", "start_text": "…"}]}

The same words give the same chapters; a chapter begins where the talk turns, and not where a chunk of the text ended;
an answer that can't be read is an error, and no empty list.
"""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter, Request, Response

from errata.domain.hashing import sha256
from errata.domain.transcript import Transcript
from errata.errors import Unavailable
from errata.operations.answering import AskedChapters, GivenAnswer
from errata.operations.asked_talk import AskedTalk, TalkDetails, talk_of_text
from errata.service.chapters_routes import PROBLEMS, Caller, check_limits, wrong_in
from errata.service.departure import unless_departed
from errata.service.messages import TextAsked, TextChapter, TextChapters
from errata.service.service_settings import ServiceSettings
from errata.service.service_state import state

router = APIRouter(tags=["chapters"], responses=PROBLEMS)


@router.post("/process_transcript", response_model=TextChapters)
async def process_transcript(request: Request, asked: TextAsked, caller: Caller) -> Response:
    """Chapters of a text without times, each with the sentence that it begins with."""
    service = state(request)
    talk = await asyncio.to_thread(_read, asked.text, service.settings)
    question = AskedChapters(talk.transcript, caller.name, sha256(asked.model_dump_json()))
    given = await unless_departed(request, service.answers.now(question))
    chapters = await asyncio.to_thread(text_chapters, given, asked.text)
    return Response(chapters.model_dump_json(), media_type="application/json")


def _read(text: str, settings: ServiceSettings) -> AskedTalk:
    with wrong_in("text"):
        talk = talk_of_text(text, TalkDetails())
        check_limits(talk, settings)
        return talk


def text_chapters(given: GivenAnswer, text: str) -> TextChapters:
    """Raises Unavailable where the model answered nothing that can be read."""
    prediction = given.prediction
    if prediction.problems and not prediction.chapters:
        raise Unavailable(f"the model's answer can't be read ({'; '.join(prediction.problems)}); ask another model")
    chapters = []
    place = 0
    for chapter in prediction.chapters:
        words = first_sentence(given.transcript, chapter.start)
        found = _as_written(words).search(text, place)
        if found is not None:
            place = found.start()
        chapters.append(TextChapter(title=chapter.title, start_text=found.group() if found else words))
    return TextChapters(chapters=chapters)


def first_sentence(transcript: Transcript, start: float) -> str:
    """What a chapter that starts there begins with: the sentence, or of a very long one the part."""
    for segments in (transcript.segments, transcript.lines):
        for segment in segments:
            if int(segment.start) == int(start):
                return segment.text
    return ""


def _as_written(words: str) -> re.Pattern[str]:
    """With whatever space the text has between them."""
    return re.compile(r"\s+".join(map(re.escape, words.split())))
