"""The transcript in a prompt, with instructions above it and perhaps below.

Read are JSON of the kinds that import reads, alone or as a value of an object; WebVTT and SubRip; lines that begin with
a time, which `timed_text` reads. Of text without times nothing tells where the instructions end, unless it stands in
`<transcript>…</transcript>`, below a line `Transcript:`, or alone, beside instructions in a message of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.formats import srt, timed_text, webvtt, whisper, whisper_chunks, whisper_cpp, youtube_transcript_api
from errata.formats.json_files import parse
from errata.formats.model_messages import ModelMessage
from errata.formats.talk import Speech
from errata.formats.webvtt_cues import is_webvtt

_JSON: tuple[tuple[Callable[[Any], bool], Callable[[str], Speech]], ...] = (
    (whisper.fits, whisper.speech),
    (whisper_cpp.fits, whisper_cpp.speech),
    (whisper_chunks.fits, whisper_chunks.speech),
    (youtube_transcript_api.fits, youtube_transcript_api.speech),
)
_CUE = re.compile(r"^(?:\d+\s*\n)?\d{1,2}:\d\d:\d\d[,.]\d{3} +--> ", re.MULTILINE)
_MARK = re.compile(r"\s*(?:`{3}\w*|\"{3}|</?\w+>|-{3,}|={3,})\s*")
"""A line that only says where a text begins or ends."""
_TAGGED = re.compile(r"<transcript[^>]*>(.*?)</transcript>", re.DOTALL | re.IGNORECASE)
_HEADED = re.compile(r"(?ims)^[#* ]*(?:the )?transcript(?:ion)?[^\n:]{0,40}:[* ]*(.*)")


class PromptTranscript(NamedTuple):
    speech: Speech | None
    """Lines with times; None where they have none."""
    text: str
    """The words, where they have no times."""


def transcript_in(messages: Sequence[ModelMessage]) -> PromptTranscript | None:
    """None where no transcript can be told from the words around it."""
    spoken = [message.text for message in messages if message.role not in ("system", "assistant", "tool")]
    for text in sorted(spoken, key=len, reverse=True):
        if speech := _timed(text):
            return PromptTranscript(speech, "")
    for text in spoken:
        if words := _marked(text):
            return PromptTranscript(None, words)
    if len(spoken) == 1 and spoken[0].strip() and any(message.role == "system" for message in messages):
        return PromptTranscript(None, spoken[0])
    return None


def _timed(text: str) -> Speech | None:
    for candidate in _candidates(text):
        speech = _captions(candidate) or _lines(candidate)
        if speech:
            return speech
    return _of_json(text)


def _candidates(text: str) -> Iterator[str]:
    """What stands in tags, and then all of it."""
    if tagged := _TAGGED.search(text):
        yield tagged[1].strip()
    yield text


def _of_json(text: str) -> Speech | None:
    begin = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    end = max(text.rfind("}"), text.rfind("]"))
    if begin < 0 or end < begin:
        return None
    try:
        value = parse(text[begin : end + 1])
    except BadInput:
        return None
    inner = list(value.values()) if isinstance(value, dict) else []
    for candidate in (value, *inner):
        if isinstance(candidate, str) and (speech := _captions(candidate) or _lines(candidate)):
            return speech
        for fits, read in _JSON:
            if fits(candidate):
                return _read(read, json.dumps(candidate))
    return None


def _captions(text: str) -> Speech | None:
    at = text.find("WEBVTT")
    if at >= 0 and is_webvtt(text[at:]):
        return _read(webvtt.speech, _unfenced(text[at:]))
    cue = _CUE.search(text)
    return _read(srt.speech, _unfenced(text[cue.start() :])) if cue and srt.fits(text[cue.start() :]) else None


def _unfenced(text: str) -> str:
    """Up to the line that ends a text in a text."""
    lines = text.splitlines()
    end = next((at for at, line in enumerate(lines) if at and _MARK.fullmatch(line)), len(lines))
    return "\n".join(lines[:end])


def _lines(text: str) -> Speech | None:
    """Of the blocks of lines without a blank one between them, the one with most of the times, or all."""
    lines = ["" if _MARK.fullmatch(line) else line for line in text.splitlines()]
    stamped = [at for at, line in enumerate(lines) if timed_text.is_stamped(line)]
    if len(stamped) < 2:
        return None
    blocks = _blocks(lines)
    largest = max(blocks, key=lambda block: sum(at in block for at in stamped))
    inside = [at for at in stamped if at in largest]
    if 2 * len(inside) <= len(stamped):
        inside = stamped
    end = next((at for at in range(inside[-1] + 1, len(lines)) if not lines[at].strip()), len(lines))
    return _read(timed_text.speech, "\n".join(lines[inside[0] : end]))


def _blocks(lines: Sequence[str]) -> list[range]:
    edges = [-1, *(at for at, line in enumerate(lines) if not line.strip()), len(lines)]
    return [range(before + 1, after) for before, after in pairwise(edges) if after > before + 1]


def _read(read: Callable[[str], Speech], text: str) -> Speech | None:
    try:
        return read(text)
    except BadInput:
        return None


def _marked(text: str) -> str:
    """What is said to be the transcript; empty where nothing is."""
    found = _TAGGED.search(text) or _HEADED.search(text)
    if found is None:
        return ""
    lines = found[1].strip().splitlines()
    return "\n".join(line for line in lines if not _MARK.fullmatch(line)).strip()
