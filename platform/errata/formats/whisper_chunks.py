"""What transformers' speech recognition returns, written as JSON: one file is one transcript.

    {"text": "…", "chunks": [{"timestamp": [0.0, 4.2], "text": " Hello there."}, …]}

The last chunk may have no end (`ends`). Chunks of one word each, as `return_timestamps="word"` gives, are put together
to lines, which end with a sentence, at a pause, or when they get long.
"""

from __future__ import annotations

from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.ends import with_ends
from errata.formats.fields import number, objects, text
from errata.formats.json_files import parse
from errata.formats.talk import Speech

_PAUSE = 1.0
"""Seconds."""
_LONGEST = 24
"""Words."""


def fits(content: Any) -> bool:
    chunks = _chunks(content)
    return isinstance(chunks, list) and any(isinstance(item, dict) and "timestamp" in item for item in chunks)


def _chunks(content: Any) -> Any:
    return content.get("chunks") if isinstance(content, dict) else content


def speech(content: str) -> Speech:
    """Raises BadInput, with the chunk that can't be read."""
    chunks = objects(_chunks(parse(content)), "chunks", "chunk")
    lines = with_ends([_line(chunk, f"chunk {at}") for at, chunk in enumerate(chunks)])
    return _joined(lines) if all(len(line["text"].split()) < 2 for line in lines) else lines


def _line(chunk: JsonObject, what: str) -> JsonObject:
    times = chunk.get("timestamp")
    if not isinstance(times, list) or len(times) != 2:
        raise BadInput("{}'s timestamp must be a start and an end, not {}", what, short(times))
    start, end = times
    return {
        "start": number(start, f"{what}'s start"),
        "end": None if end is None else number(end, f"{what}'s end"),
        "text": text(chunk.get("text"), f"{what}'s text"),
        "speaker": chunk.get("speaker"),
    }


def _joined(words: Speech) -> Speech:
    lines: Speech = []
    for word in words:
        if lines and _goes_on(lines[-1], word):
            lines[-1] = lines[-1] | {"end": word["end"], "text": lines[-1]["text"] + word["text"]}
        else:
            lines.append(word)
    return lines


def _goes_on(line: JsonObject, word: JsonObject) -> bool:
    return (
        line["speaker"] == word["speaker"]
        and not line["text"].rstrip().endswith((".", "?", "!", "。", "？", "！"))
        and word["start"] - line["start"] >= 0
        and word["start"] - line["end"] < _PAUSE
        and len(line["text"].split()) < _LONGEST
    )
