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
    ass,
    chapter_lists,
    chapter_llama,
    chat,
    live_chat,
    lrc,
    meetings,
    plain_text,
    podcast,
    podcast_html,
    sbv,
    srt,
    talk,
    timed_text,
    ttml,
    twitch_chat,
    twitch_dl_chat,
    webvtt,
    whisper,
    whisper_chunks,
    whisper_cpp,
    whisper_tsv,
    youtube,
    youtube_transcript_api,
    ytdlp,
)
from errata.formats.json_files import parse, read_bytes, read_text, what_it_is
from errata.formats.row_files import json_rows
from errata.formats.source_rows import REJECTED, ImportedTranscript, Rejected, SourceRow, convert_rows
from errata.formats.talk_names import DESCRIPTION, INFO
from errata.formats.webvtt_cues import is_webvtt

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
    has_chapters: bool = False
    """Whether a list of chapters may belong to its transcripts."""


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
    return TranscriptFormat(label, files, fits, partial(talk.read, speech), has_chapters=True)


FORMATS = {
    "yt-dlp": TranscriptFormat("a yt-dlp info file", "*" + INFO, ytdlp.fits, ytdlp.read),
    "podcast": _of_speech("a Podcasting 2.0 transcript", "*.json", podcast.fits, podcast.speech),
    "whisper": _of_speech("Whisper JSON", "*.json", whisper.fits, whisper.speech),
    "webvtt": _of_speech("WebVTT", "*.vtt", is_webvtt, webvtt.speech),
    "srt": _of_speech("SubRip", "*.srt", srt.fits, srt.speech),
    "youtube": _of_speech("YouTube's captions", "*.json3", youtube.fits, youtube.speech),
    "ttml": _of_speech("TTML", "*.ttml", ttml.fits, ttml.speech),
    "podcast-html": _of_speech("a Podcasting 2.0 transcript in HTML", "*.html", podcast_html.fits, podcast_html.speech),
    "chat": _of_speech("a chat log", "*.irc", chat.fits, chat.speech),
    "live-chat": _of_speech("a stream's chat", "*.live_chat.json", live_chat.fits, live_chat.speech),
    "twitch-chat": TranscriptFormat("a Twitch stream's chat", "*.json", twitch_chat.fits, twitch_chat.read),
    "twitch-dl-chat": TranscriptFormat("a Twitch recording's chat", "*.json", twitch_dl_chat.fits, twitch_dl_chat.read),
    "whisper-cpp": _of_speech("whisper.cpp JSON", "*.json", whisper_cpp.fits, whisper_cpp.speech),
    "whisper-chunks": _of_speech("transformers' chunks", "*.json", whisper_chunks.fits, whisper_chunks.speech),
    "whisper-tsv": _of_speech("Whisper's TSV", "*.tsv", whisper_tsv.fits, whisper_tsv.speech),
    "youtube-transcript-api": _of_speech(
        "a transcript of youtube-transcript-api", "*.json", youtube_transcript_api.fits, youtube_transcript_api.speech
    ),
    "sbv": _of_speech("SBV", "*.sbv", sbv.fits, sbv.speech),
    "ass": _of_speech("SubStation Alpha", "*.ass", ass.fits, ass.speech),
    "lrc": _of_speech("LRC", "*.lrc", lrc.fits, lrc.speech),
    "timed-text": _of_speech("text with times", "*.txt", timed_text.fits, timed_text.speech),
    "meetings": TranscriptFormat("meetings", "*.jsonl", meetings.fits, _rows),
    "chapter-llama": TranscriptFormat("chapter-llama data", "*.json", _is_data_set, chapter_llama.read),
    "rejects": TranscriptFormat("rows that were rejected", "*.jsonl", lambda _: False, _rows),
    "text": TranscriptFormat("plain text", "*.txt", lambda _: False, lambda path, _: plain_text.read(path)),
}
CHAPTERS, CORRECTIONS = "a list of chapters", "corrections"
"""What belongs to transcripts, and is none."""
CHAPTERED = tuple(name for name, format_ in FORMATS.items() if format_.has_chapters)
ACCEPTED = (
    "accepted are chapter-llama files (chapters*.json or transcripts*.json with asrs*.json), yt-dlp's .info.json with "
    "its captions, JSON of Whisper, whisper.cpp, transformers and youtube-transcript-api, Whisper's .tsv, WebVTT "
    "(.vtt), SubRip (.srt), other captions (.sbv, .ass, .ttml, .lrc, .json3, .srv3), Podcasting 2.0 transcripts "
    "(.json, .html), chats (.irc, .live_chat.json, TwitchDownloader's and twitch-dl's .json), meetings and rejected "
    "rows (.jsonl), text with times and plain text (.txt), and a folder of any of them"
)
_GZIP = b"\x1f\x8b"
TEXTUAL = tuple(format_.files[format_.files.rindex(".") :] for format_ in FORMATS.values())
"""The endings of files that are read to the end, whatever is in them."""


class UnknownFormat(BadInput):
    """The file is in none of `FORMATS`; the sentence says which are."""

    def __init__(self, why: str, path: Path) -> None:
        super().__init__(f"{{}} {why}; {ACCEPTED}", path)


def label(kind: str) -> str:
    """What the format is called in a sentence."""
    return FORMATS[kind].label if kind in FORMATS else kind


def kind(path: Path) -> str:
    """The name of the file's format, or CHAPTERS, or CORRECTIONS. Raises BadInput when it is in none."""
    ending = path.suffix.lower()
    if ending == DESCRIPTION:
        return CORRECTIONS
    if ending in TEXTUAL or not _is_binary(path):
        name = "yt-dlp" if path.name.endswith(INFO) else _of_content(path, _content(path))
        if name is not None:
            return name
    raise UnknownFormat("is in no format that can be read", path)


def _is_binary(path: Path) -> bool:
    head = read_bytes(path, 4096)
    if (b"\0" in head or head.startswith(_GZIP)) and (other := what_it_is(path, head)):
        raise other
    return b"\0" in head


def _content(path: Path) -> Any:
    """The JSON value of a file, or else the text; of JSONL, whatever it is called, the first row in `_Rows`."""
    text = read_text(path)
    ending = path.suffix.lower()
    if ending == ".jsonl":
        return _Rows(next(line for line in text.split("\n") if line.strip()))
    if ending != ".json" and text.lstrip()[0] not in "{[":
        return text
    try:
        return parse(text)
    except BadInput as problem:
        rows = _rows_of(text)
        if rows is not None:
            return rows
        if ending == ".json":
            raise BadInput("{}: {}", path, problem) from problem
        return text


class _Rows:
    """What JSONL begins with."""

    def __init__(self, line: str) -> None:
        try:
            self.first = parse(line)
        except BadInput:
            self.first = line


def _rows_of(text: str) -> _Rows | None:
    """A file with a JSON object on each of its first two lines is JSONL."""
    lines = [line for line in text.split("\n") if line.strip()][:2]
    rows = [_Rows(line) for line in lines]
    return rows[0] if len(rows) == 2 and all(isinstance(row.first, dict) for row in rows) else None


def _of_content(path: Path, content: Any) -> str | None:
    if isinstance(content, _Rows):
        return _of_row(path, content.first)
    if path.suffix.lower() == ".json" and isinstance(content, str):
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
    names = [name for name, format_ in FORMATS.items() if fnmatch(path.name.lower(), format_.files)]
    if names[-1:] == ["text"] and timed_text.has_odd_times(content):
        raise BadInput(
            "{} has times in its lines, but not as they are read; write each line as 0:05 words, take the times for "
            "words by `errata import transcripts --format text`, or bring a list of chapters in by `errata import "
            "corrections`",
            path,
        )
    return names[-1] if names else None


def _of_row(path: Path, row: Any) -> str:
    if isinstance(row, dict) and "reviewer" in row:
        return CORRECTIONS
    if live_chat.fits(row):
        return "live-chat"
    if whisper.fits([row]):
        return "whisper"
    if path.suffix.lower() == ".json" and not {"video_id", REJECTED, meetings.TURNS} & set(row):
        raise UnknownFormat("has a JSON object a line, as JSONL has, but of no kind that can be read", path)
    return "meetings" if meetings.fits(row) and REJECTED not in row else "rejects"
