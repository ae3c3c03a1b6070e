"""Somebody else's traces into the record: what a foreign model answered becomes a prediction, which is never champion.

A call names its talk (`video_id` and the like, in what was noted beside it), or its transcript stands in the prompt. A
talk that the record knows by name keeps its transcript: a prompt holds less of it, without its title and channel.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapters, canonical, chapters_to_json
from errata.domain.clock import clock
from errata.domain.hashing import content_hash
from errata.domain.names import check_name
from errata.domain.prediction import Prediction
from errata.domain.sentences import count_words
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound
from errata.formats import chapter_llama, plain_text
from errata.formats.answer_chapters import answered_chapters, is_quoted
from errata.formats.prompt_transcript import PromptTranscript, transcript_in
from errata.formats.source_rows import DetectedFile, SourceRow
from errata.formats.trace_rows import TracedCall
from errata.formats.video_ids import keyed_id, video_id
from errata.operations.importing import ImportReport, import_rows, rejects_of
from errata.tasks.template import Reading
from errata.tasks.templates import TEMPLATES
from errata.tasks.view import View

_NAMES = ("video_id", "external_id", "errata.video_id")
_WHOLE = 0.9
"""The share of a talk's words that a prompt must hold: an answer to a part says nothing of the rest."""


def add_traces(record: Record, file: DetectedFile[TracedCall], rejects: Path, key: str | None = None) -> ImportReport:
    """Imports the calls in a file; `rejects` is the folder for refused rows; `key` names the fact that holds a talk's
    id, or a file or address that is called by it. A call that is known already changes nothing.
    """

    def add(store: Store, call: TracedCall) -> bool:
        for name, what in ((call.trace, "the trace's id"), (call.span, "the call's id"), (call.model, "the model")):
            check_name(name, what)
        if store.traces.knows(call.trace, call.span):
            return False
        if not call.answered.strip():
            raise BadInput("it holds no answer; have the tracer capture messages' content")
        known, transcript = _talk(store, call, key)
        reading = _reading(call.answered, transcript)  # before the talk is added: a row is taken whole or refused whole
        seq = store.transcripts.add(transcript).seq if known is None else known
        chapters = canonical(reading.chapters, store.transcripts.read(seq)).chapters
        model = f"foreign:{call.model}:{content_hash(chapters_to_json(chapters))[:12]}"
        answer = Prediction(seq, model, "", chapters, reading.problems, foreign=True)
        store.traces.add(call.trace, call.span, store.predictions.add(answer).seq, call.answered_at)
        return True

    return import_rows(record, file.rows, add, rejects_of(rejects, file.path, "traces"))


def _talk(store: Store, call: TracedCall, key: str | None) -> tuple[int | None, Transcript]:
    """What was asked about, with its `seq` where the record has it by name. Raises BadInput."""
    name, shown, known = _name(call, key), transcript_in(call.asked), None
    if name is not None:
        with suppress(NotFound):
            known = store.transcripts.find(name)
    if known is not None:
        transcript = store.transcripts.read(known)
        _check_is_whole(transcript, shown)
        return known, transcript
    if shown is None:
        raise BadInput(
            "it names {}, and no transcript can be told from the instructions in its prompt; import the talk, and note "
            "its id beside the call as `video_id`, or say with --key where it stands",
            "no talk" if name is None else f"the talk {name!r}, which the record doesn't know",
        )
    return None, _made_of(shown, name, call)


def _name(call: TracedCall, key: str | None) -> str | None:
    if key is not None:
        return keyed_id(call.facts, key)
    try:
        return video_id(call.facts, _NAMES)
    except BadInput:
        return None


def _made_of(shown: PromptTranscript, name: str | None, call: TracedCall) -> Transcript:
    """Without a name of its own it is called by its words, so that a talk asked about twice is one."""
    words = shown.text if shown.speech is None else " ".join(str(line["text"]) for line in shown.speech)
    called = name or f"trace-{content_hash(words.split())[:16]}"
    if shown.speech is None:
        return plain_text.transcript_of(SourceRow(call.row.file, called, called), shown.text).transcript
    title = call.facts.get("title")
    metadata = {"title": title if isinstance(title, str) else ""}
    row = SourceRow(call.row.file, called, {"video_id": called, "metadata": metadata, "asr": shown.speech})
    return chapter_llama.transcript_of(row).transcript


def _check_is_whole(transcript: Transcript, shown: PromptTranscript | None) -> None:
    """Raises BadInput where the prompt holds a window of the talk and not all of it."""
    if shown is None:
        return
    words = shown.text if shown.speech is None else " ".join(str(line["text"]) for line in shown.speech)
    said, asked = count_words(transcript.text), count_words(words)
    if asked < _WHOLE * said:
        raise BadInput(
            "its prompt holds {} of the {} words of {!r}: an answer to a part is none to the whole; leave it out",
            asked,
            said,
            transcript.external_id,
        )


def _reading(answered: str, transcript: Transcript) -> Reading:
    """Chapters on the transcript's lines, and what of the answer could not be placed. Raises BadInput."""
    if is_quoted(answered):
        reading = TEMPLATES["json"].parse(_whole(transcript), [answered])
        if not reading.chapters:
            why = "; ".join(reading.problems)[:300]
            raise BadInput("none of its chapters begins with words of the transcript: {}", why)
        return reading
    chapters = answered_chapters(answered)
    if chapters and transcript.unit == "words":
        raise BadInput("its chapters are placed by time, and its transcript has none; leave it out")
    return _snapped(chapters, transcript)


def _snapped(chapters: Chapters, transcript: Transcript) -> Reading:
    inside = tuple(chapter for chapter in chapters if chapter.start <= transcript.duration)
    late = [chapter for chapter in chapters if chapter.start > transcript.duration]
    if late and not inside:
        raise BadInput(
            "all its chapters begin after the transcript's end, at {}; they may be another talk's",
            clock(transcript.duration),
        )
    snapped = canonical(inside, transcript)
    problems = [f"{clock(chapter.start)} is after the end" for chapter in late]
    if snapped.merged:
        problems.append(f"{snapped.merged} of its chapters fell on a line that another had taken")
    return Reading(snapped.chapters, tuple(problems))


def _whole(transcript: Transcript) -> View:
    """All of a transcript, as one prompt would show it."""
    lines = tuple(line.text for line in transcript.lines)
    places = tuple(int(line.start) for line in transcript.lines)
    return View(transcript.title, transcript.description, lines, places, transcript.duration, transcript.unit)
