"""Talks of the sample as recordings: espeak-ng speaks them, a voice for each speaker, with pauses between the lines."""

from __future__ import annotations

import io
import json
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.recognition import VOICES
from errata.domain.chapter import Chapter
from errata.formats.source_rows import ImportedTranscript

RATE = 22_050
"""Samples a second, as espeak-ng makes them."""
QUIET = 100
"""What a sample of silence is at most, of 32,767."""
BREATH = (0.2, 0.7)
"""Seconds between two lines."""
PAUSE = (1.5, 3.5)
"""Seconds of a pause that listeners notice."""
BEFORE_CHAPTERS, ELSEWHERE = 0.7, 0.08
"""How often such a pause comes before a chapter's first line, and before any other."""

Samples: TypeAlias = NDArray[np.int16]


def record_talk(talk: ImportedTranscript, folder: Path) -> Path:
    """The talk as `ID.wav`, the same each time, with title, channel and chapters in an info file as yt-dlp's."""
    transcript = talk.transcript
    rng = Random(transcript.external_id)
    titles = {int(chapter.start): chapter.title for chapter in talk.reference or ()}
    voices: dict[str | None, str] = {}
    sound: list[Samples] = []
    chapters: list[Chapter] = []
    for segment in transcript.segments:
        title = titles.pop(int(segment.start), "")  # of lines that share a start, the first begins the chapter
        voice = voices.setdefault(segment.speaker, VOICES[len(voices) % len(VOICES)])
        if sound:
            sound.append(_silence(BEFORE_CHAPTERS if title else ELSEWHERE, rng))
        if title:
            chapters.append(Chapter(sum(map(len, sound)) / RATE, title))
        sound.append(_spoken(segment.text, voice))
    path = folder / f"{transcript.external_id}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.concatenate(sound).tobytes())
    _write_info(path.with_suffix(".info.json"), talk, chapters)
    return path


def _silence(often: float, rng: Random) -> Samples:
    seconds = rng.uniform(*(PAUSE if rng.random() < often else BREATH))
    return np.zeros(round(seconds * RATE), np.int16)


def _spoken(text: str, voice: str) -> Samples:
    """Without the silence around the words."""
    command = ["espeak-ng", "-v", voice, "--stdout"]
    said = subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(said)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def _write_info(path: Path, talk: ImportedTranscript, chapters: Sequence[Chapter]) -> None:
    info = {
        "id": talk.transcript.external_id,
        "title": talk.transcript.title,
        "channel_id": talk.transcript.channel,
        "chapters": [{"start_time": chapter.start, "title": chapter.title} for chapter in chapters],
    }
    path.write_text(json.dumps(info), encoding="utf-8")
