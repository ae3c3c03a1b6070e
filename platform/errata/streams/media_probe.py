"""What is in a media file, and whether all of it is there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.domain.clock import clock
from errata.domain.transcript import LONGEST_SECONDS
from errata.errors import BadInput
from errata.features.media_tools import ffprobe
from errata.files import JsonObject, file_sha256

_TEXT_CAPTIONS = ("subrip", "mov_text", "webvtt", "ass", "ssa", "text")
"""Codecs of captions that are text; the others are pictures of it."""
_END = 30.0
"""Seconds before the stated end in which the last packets are looked for."""
_SLACK, _SLACK_SHARE = 5.0, 0.02
"""Seconds, and share of its length, by which a file may end before it says, or before its playlist says."""
_RATE_TOLERANCE = 0.01
"""By how much, relatively, the average frame rate may differ from the stated one."""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the probe found, in JSON's own types; `as_found` and `from_found` keep it in the manifest."""

    path: str
    size: int
    """Bytes."""
    changed: int
    """When the file was changed last, in nanoseconds: another time says that it is another file."""
    sha256: str
    duration: float
    """Seconds."""
    audio: str
    """The codec; empty where there is no sound."""
    audio_duration: float | None
    """Seconds of sound; None where the file does not say."""
    video: str
    """The codec; empty where there is no picture."""
    variable_frame_rate: bool
    captions: dict[str, str]
    """Tracks of captions that are text: their languages, empty where unknown, by their number among all captions."""
    title: str
    artist: str

    def as_found(self) -> JsonObject:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_found(cls, found: JsonObject) -> MediaFacts:
        return cls(**found)

    def is_of(self, path: Path) -> bool:
        """Whether the file there is still the one that was probed, as far as its size and time say."""
        if not path.is_file():
            return False
        state = path.stat()
        return (state.st_size, state.st_mtime_ns) == (self.size, self.changed)


def check_length(duration: float | None) -> None:
    """Raises BadInput for a recording that no transcript may be of, in seconds: a day or more."""
    if duration is not None and duration >= LONGEST_SECONDS:
        raise BadInput(
            "it lasts {:.1f} h, and a transcript may be of less than 24: cut the recording and acquire its parts",
            duration / 3600,
        )


def probe(path: Path, known_duration: float | None = None) -> MediaFacts:
    """Looks into a file. `known_duration` is what a playlist or an info file says, in seconds.

    Raises BadInput, with what to do, for a file that is none, that holds neither sound nor picture, that says nothing
    of its length, lasts a day or more, or ends before it says, as a download that was cut short does.
    """
    if not path.is_file():
        raise BadInput("{} is not there; put it back, or remove it from the list", path)
    if not path.stat().st_size:
        raise BadInput("{} is empty; download it again", path)
    shown = ffprobe(["-show_format", "-show_streams"], path)
    streams = shown.get("streams", [])
    sound = _first(streams, "audio")
    picture = next((one for one in _of_type(streams, "video") if not _is_cover(one)), None)
    if sound is None and picture is None:
        raise BadInput("{} holds neither sound nor picture; it may be no recording", path)
    duration = _duration(shown["format"], path)
    check_length(duration)
    _check_whole(path, duration, known_duration)
    state = path.stat()
    tags = {name.lower(): str(value) for name, value in shown["format"].get("tags", {}).items()}
    return MediaFacts(
        path=str(path),
        size=state.st_size,
        changed=state.st_mtime_ns,
        sha256=file_sha256(path),
        duration=duration,
        audio=str(sound.get("codec_name", "unknown")) if sound else "",
        audio_duration=_seconds(sound.get("duration")) if sound else None,
        video=str(picture.get("codec_name", "unknown")) if picture else "",
        variable_frame_rate=picture is not None and _is_variable(picture),
        captions=_captions(streams),
        title=tags.get("title", ""),
        artist=tags.get("artist", ""),
    )


def _of_type(streams: Sequence[JsonObject], kind: str) -> list[JsonObject]:
    return [stream for stream in streams if stream.get("codec_type") == kind]


def _first(streams: Sequence[JsonObject], kind: str) -> JsonObject | None:
    return next(iter(_of_type(streams, kind)), None)


def _is_cover(stream: JsonObject) -> bool:
    """A picture that stands still, as music has."""
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _duration(form: JsonObject, path: Path) -> float:
    duration = _seconds(form.get("duration"))
    if duration is None or duration <= 0:
        raise BadInput(
            "{} does not say how long it is, as a recording that was cut off; write it anew: ffmpeg -i FILE -c copy "
            "NEW.mkv",
            path,
        )
    return duration


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError):  # ffprobe says N/A
        return None
    return seconds if math.isfinite(seconds) else None


def _check_whole(path: Path, duration: float, known: float | None) -> None:
    slack = max(_SLACK, _SLACK_SHARE * duration)
    end = _last_packet(path, duration)
    if end < duration - slack:
        raise BadInput(
            "{} says that it lasts {}, and ends at {}: its download was cut short; download it again",
            path,
            clock(duration),
            clock(end),
        )
    if known is not None and duration < known - max(_SLACK, _SLACK_SHARE * known):
        raise BadInput(
            "{} lasts {}, and {} are known of: its download was cut short; download it again",
            path,
            clock(duration),
            clock(known),
        )


def _last_packet(path: Path, duration: float) -> float:
    """Where the last packet ends, in seconds; 0 where none can be read near the end that the file states."""
    near_end = f"{max(0.0, duration - _END):.3f}%"
    entries = ["-show_entries", "packet=pts_time,duration_time:format=start_time"]
    try:
        shown = ffprobe(["-read_intervals", near_end, *entries], path)
    except BadInput:  # beyond the end of a file that was cut short
        return 0.0
    start = _seconds(shown.get("format", {}).get("start_time")) or 0.0
    ends = [
        at - start + (_seconds(packet.get("duration_time")) or 0.0)
        for packet in shown.get("packets", [])
        if (at := _seconds(packet.get("pts_time"))) is not None
    ]
    return max(ends, default=0.0)


def _is_variable(picture: JsonObject) -> bool:
    """Whether the frames come as they like: the average rate is another than the one that fits all of them."""
    average, base = _rate(picture.get("avg_frame_rate")), _rate(picture.get("r_frame_rate"))
    return bool(average and base) and abs(average - base) > _RATE_TOLERANCE * base


def _rate(value: Any) -> float:
    above, _, below = str(value).partition("/")
    return float(above) / float(below) if above.isdigit() and below.isdigit() and int(below) else 0.0


def _captions(streams: Sequence[JsonObject]) -> dict[str, str]:
    return {
        str(at): str(stream.get("tags", {}).get("language", ""))
        for at, stream in enumerate(_of_type(streams, "subtitle"))
        if stream.get("codec_name") in _TEXT_CAPTIONS
    }
