"""Recordings for the tests, made on the spot by ffmpeg and, where somebody is to speak, espeak-ng."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

CAPTIONS = """WEBVTT

00:00:00.000 --> 00:00:04.000
so today we talk about the bridge

00:00:06.500 --> 00:00:11.000
and now about {} in the garden
"""

MORNING = "Good morning. Today we talk about the bridge over the river and how it was built."
STEEL = "The engineers used a lot of steel. The weather was cold and the workers were tired."
TURNS = (("en-us", MORNING), ("en-us+f3", STEEL), ("en-us", "Thank you. Let us look at the next picture now."))
PAUSE = 3.0


def need_modules(*modules: str) -> None:
    """Skips where one is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed (pip install -e '.[streams]', and docs/streams.md)")


def need(*tools: str) -> None:
    """Skips where a program is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def ffmpeg(*words: str | Path) -> None:
    need("ffmpeg", "ffprobe")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


def picture_and_tone(path: Path, seconds: int = 12, key_frame_every: int = 50) -> Path:
    """25 frames a second, with frames that are reordered, and a tone."""
    picture = f"testsrc2=size=160x120:rate=25:duration={seconds}"
    keys = ["-g", str(key_frame_every), "-sc_threshold", "0", "-bf", "2", "-preset", "ultrafast"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"]
    ffmpeg("-f", "lavfi", "-i", picture, *sound, "-c:v", "libx264", *keys, "-c:a", "aac", path)
    return path


def with_captions(recording: Path, place: Path, about: str) -> Path:
    """A recording under another name, with captions beside it that tell of something else."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(recording, place)
    place.with_suffix(".vtt").write_text(CAPTIONS.format(about))
    return place


def spoken(path: Path, turns: Sequence[tuple[str, str]], pause: float) -> Path:
    """What voices of espeak-ng say one after the other, with a pause after each; a picture goes along."""
    need("espeak-ng")
    parts = []
    for at, (voice, words) in enumerate(turns):
        said = path.with_name(f"{path.stem}-{at}.wav")
        subprocess.run(["espeak-ng", "-v", voice, "-w", str(said), words], check=True)
        parts.append(said)
    inputs = [word for part in parts for word in ("-i", part)]
    padded = "".join(f"[{at}:a]aresample=16000,apad=pad_dur={pause}[p{at}];" for at in range(len(parts)))
    joined = "".join(f"[p{at}]" for at in range(len(parts))) + f"concat=n={len(parts)}:v=0:a=1[out]"
    audio = path.with_suffix(".wav")
    ffmpeg(*inputs, "-filter_complex", padded + joined, "-map", "[out]", audio)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10", "-i", audio, "-shortest", "-g", "20", path)
    for part in (*parts, audio):
        part.unlink()
    return path
