"""Captions that came with a recording: in a file beside it, or in a track inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from errata.errors import BadInput
from errata.features.media_tools import ffmpeg, local_file
from errata.formats.talk import Speech
from errata.formats.ytdlp import captions_beside, read_captions
from errata.streams.media_probe import MediaFacts


@dataclass(frozen=True, slots=True)
class Captions:
    file: str
    """The file's name, or which track it was."""
    lines: Speech


def captions_of(facts: MediaFacts, language: str, scratch: Path) -> Captions | None:
    """The captions of a recording, those in a file beside it before those in a track; None where there are none.

    `scratch` is where a track is unpacked to. Raises BadInput for captions that can't be read, with what is wrong.
    """
    file = captions_beside(Path(facts.path), language or None)
    if file is not None:
        return Captions(file.name, read_captions(file))
    track = _best_track(facts.captions, language)
    if track is None:
        return None
    scratch.mkdir(parents=True, exist_ok=True)
    unpacked = scratch / "captions.srt"
    ffmpeg(["-i", local_file(Path(facts.path)), "-map", f"0:s:{track}", local_file(unpacked)], Path(facts.path))
    if not unpacked.read_text(errors="replace").strip():
        return None
    try:
        return Captions(f"track {track}", read_captions(unpacked))
    except BadInput as problem:
        raise BadInput("its captions, track {}: {}", track, problem) from problem


def _best_track(tracks: dict[str, str], language: str) -> str | None:
    """In the recording's own language, or the first; containers write three letters of a language (`eng`)."""
    own = [track for track, spoken in tracks.items() if language and spoken[:2] == language[:2]]
    return next(iter([*own, *tracks]), None)
