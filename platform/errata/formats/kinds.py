"""The formats of transcripts, and which of them a file is in: its content tells, and its name only where that can't.

A new reader is named in `FORMATS`. Where a file could be in two of them, it is in the one that stands first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.formats import (
    chapter_lists,
    chapter_llama,
    chat,
    meetings,
    plain_text,
    podcast,
    podcast_html,
    srt,
    talk,
    webvtt,
    whisper,
    ytdlp,
)
from errata.formats.json_files import parse, read_bytes, read_text
from errata.formats.row_files import json_rows
from errata.formats.source_rows import REJECTED, ImportedTranscript, Rejected, SourceRow, convert_rows

Results = Iterator[ImportedTranscript | Rejected]


class TranscriptFormat(NamedTuple):
    label: str
    """What it is called in a sentence."""
    files: str
    """What its files are called, as a rule."""
    fits: Callable[[Any], bool]
    """Whether a file's content (a text, a JSON value, or the first row of JSONL) is of this format."""
    read: Callable[[Path, Path | None], Results]
    """Of a file, and of the one that belongs to it where that lies elsewhere."""


def _rows(path: Path, _: Path | None) -> Results:
    return convert_rows(convert_rows(json_rows(path), meetings.with_id), _transcript_of)


def _transcript_of(row: SourceRow) -> ImportedTranscript:
    if isinstance(row.raw, dict) and set(row.raw) == {REJECTED}:
        raise BadInput(f"nothing of the row is kept here; mend the file that {REJECTED} names, and import that")
    return meetings.transcript_of(row) if meetings.fits(row.raw) else chapter_llama.transcript_of(row)


def _is_data_set(content: Any) -> bool:
    """Whether it is a map of which an entry tells of a video; others may be broken."""
    entries = content.values() if isinstance(content, dict) else ()
    return any(isinstance(entry, dict) and not chapter_llama.METADATA_KEYS.isdisjoint(entry) for entry in entries)


def _of_speech(
    label: str, files: str, fits: Callable[[Any], bool], speech: Callable[[str], talk.Speech]
) -> TranscriptFormat:
    """A format in which one file is one talk, under the file's name."""
    return TranscriptFormat(label, files, fits, partial(talk.read, speech))


FORMATS = {
    "yt-dlp": TranscriptFormat("a yt-dlp info file", "*" + ytdlp.INFO, ytdlp.fits, ytdlp.read),
    "podcast": _of_speech("a Podcasting 2.0 transcript", "*.json", podcast.fits, podcast.speech),
    "whisper": _of_speech("Whisper JSON", "*.json", whisper.fits, whisper.speech),
    "webvtt": _of_speech("WebVTT", "*.vtt", webvtt.fits, webvtt.speech),
    "srt": _of_speech("SubRip", "*.srt", srt.fits, srt.speech),
    "podcast-html": _of_speech("a Podcasting 2.0 transcript in HTML", "*.html", podcast_html.fits, podcast_html.speech),
    "chat": _of_speech("a chat log", "*.irc", chat.fits, chat.speech),
    "meetings": TranscriptFormat("meetings", "*.jsonl", meetings.fits, _rows),
    "chapter-llama": TranscriptFormat("chapter-llama data", "*.json", _is_data_set, chapter_llama.read),
    "rejects": TranscriptFormat("rows that were rejected", "*.jsonl", lambda _: False, _rows),
    "text": TranscriptFormat("plain text", "*.txt", lambda _: False, lambda path, _: plain_text.read(path)),
}
CHAPTERS, CORRECTIONS = "a list of chapters", "corrections"
"""What belongs to transcripts, and is none."""
CHAPTERED = ("podcast", "whisper", "webvtt", "srt", "podcast-html", "chat")
"""The formats to whose transcripts a list of chapters may belong."""
ACCEPTED = (
    "accepted are chapter-llama files (chapters*.json or transcripts*.json with asrs*.json), yt-dlp's .info.json with "
    "its captions, Whisper's JSON, WebVTT (.vtt), SubRip (.srt), Podcasting 2.0 transcripts (.json, .html), chat logs "
    "(.irc), meetings and rejected rows (.jsonl), plain text (.txt), and a folder of any of them"
)
_GZIP = b"\x1f\x8b"
TEXTUAL = tuple(format_.files[format_.files.rindex(".") :] for format_ in FORMATS.values())
"""The endings of files that are read to the end, whatever is in them."""


def label(kind: str) -> str:
    """What the format is called in a sentence."""
    return FORMATS[kind].label if kind in FORMATS else kind


def kind(path: Path) -> str:
    """The name of the file's format, or CHAPTERS, or CORRECTIONS. Raises BadInput when it is in none."""
    if path.suffix in TEXTUAL or not _is_binary(path):
        name = "yt-dlp" if path.name.endswith(ytdlp.INFO) else _of_content(path, _content(path))
        if name is not None:
            return name
    raise BadInput("{} is in no format that can be read; {}", path, ACCEPTED)


def _is_binary(path: Path) -> bool:
    head = read_bytes(path, 4096)
    if head.startswith(_GZIP):
        raise BadInput(f"{path} is compressed; unpack it first (gunzip)")
    return b"\0" in head


def _content(path: Path) -> Any:
    """The JSON value of a file, the first row of JSONL, or else the text."""
    text = read_text(path)
    if path.suffix == ".jsonl":
        text = next(line for line in text.split("\n") if line.strip())
    elif path.suffix != ".json" and text.lstrip()[0] not in "{[":
        return text
    try:
        return parse(text)
    except BadInput as problem:
        if path.suffix == ".json":
            raise BadInput(f"{path}: {problem}") from problem
        return text


def _of_content(path: Path, content: Any) -> str | None:
    if path.suffix == ".jsonl":
        return _of_row(content)
    if path.suffix == ".json" and isinstance(content, str):
        return None
    if chapter_lists.fits(content):
        return CHAPTERS
    for name, format_ in FORMATS.items():
        if format_.fits(content):
            return name
    if not isinstance(content, str):
        called = any(fnmatch(path.name, name) for name in (*chapter_llama.METADATA, *chapter_llama.SPEECH))
        return "chapter-llama" if called and isinstance(content, dict) else None
    # A text that fits nothing may be a broken one: the reader that its name calls for says what is wrong.
    return next((name for name, format_ in FORMATS.items() if fnmatch(path.name, format_.files)), None)


def _of_row(row: Any) -> str:
    if isinstance(row, dict) and "reviewer" in row:
        return CORRECTIONS
    return "meetings" if meetings.fits(row) and REJECTED not in row else "rejects"
