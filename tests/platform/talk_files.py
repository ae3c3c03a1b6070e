"""Files of every format for the tests, all of the same few words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from errata.formats import detect
from errata.formats.source_rows import ImportedTranscript

WORDS = "Hello there. Soil first."
VTT = f"WEBVTT\n\n00:01.000 --> 00:09.000\n{WORDS}\n"
SRT = f"1\n00:00:01,000 --> 00:00:09,000\n{WORDS}\n"
WHISPER: dict[str, Any] = {"text": WORDS, "segments": [{"start": 1, "end": 9, "text": WORDS}], "language": "en"}
PODCAST: dict[str, Any] = {"version": "1.0.0", "segments": [{"startTime": 1, "endTime": 9, "body": WORDS}]}
HTML = f"<cite>Ann:</cite><time>0:01</time><p>{WORDS}</p><time>0:09</time><p>Tools.</p>"
INFO = {"id": "abc", "title": "Gardens", "webpage_url": "https://example.com", "chapters": None}
CHAT = f"[0:00:01] <Ann> {WORDS}\n"
MEETING = {"meeting_transcripts": [{"speaker": "Ann", "content": WORDS}]}
SPEECH = {"text": [WORDS], "start": [1], "end": [9]}
REJECT = {"video_id": "x", "metadata": {}, "asr": SPEECH}
REVIEW = {"video_id": "x", "reviewer": "Ann", "reviewed": []}
CHAPTERS: dict[str, Any] = {"version": "1.2.0", "chapters": [{"startTime": 1, "title": "Soil"}]}

CONTENT = {
    "yt-dlp": INFO,
    "podcast": PODCAST,
    "whisper": WHISPER,
    "webvtt": VTT,
    "srt": SRT,
    "podcast-html": HTML,
    "chat": CHAT,
    "chapter-llama": {"v": {"title": "Gardens"}},
}


def write(file: Path, value: Any) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def arrivals(path: Path, asr: Path | None = None, name: str = "auto") -> list[str]:
    results = list(detect.transcripts(path, asr, name).rows)
    assert all(isinstance(item, ImportedTranscript) for item in results), results
    return [item.transcript.external_id for item in results if isinstance(item, ImportedTranscript)]
