"""A recording in pieces, without encoding it anew: each begins with a key frame, and every packet is in one of them.

ffmpeg's segment muxer cuts at the first key frame after each so many seconds. `-avoid_negative_ts disabled` keeps the
recording's own times: else they are put off by as much as frames are reordered.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.features.media_tools import ffmpeg, ffprobe, local_file
from errata.files import JsonObject, check_space
from errata.streams.media_probe import MediaFacts

_LONGEST = 2.0
"""Times the length that was asked for; a longer piece says that key frames are too rare."""
_LIST = "list.csv"
_COUNTED = ("video", "audio")
"""Kinds of packets of which the pieces have as many as the whole; MP4 fills the time between captions with empty ones
anew in each."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece as it lies on this disk."""

    path: Path
    start: float
    """Seconds from the recording's beginning."""
    end: float


def cut(facts: MediaFacts, seconds: float, folder: Path) -> list[Cut]:
    """Cuts a recording into pieces of `seconds` or a little more, in `folder`, and checks that they are all of it.

    A piece ends where the next begins. Raises BadInput where key frames are too rare, or a packet was lost.
    """
    pieces = segment(facts, seconds, folder)
    check_cuts(pieces, facts, seconds)
    return pieces


def segment(facts: MediaFacts, seconds: float, folder: Path) -> list[Cut]:
    """The pieces as ffmpeg cuts them, unchecked."""
    path = Path(facts.path)
    folder.mkdir(parents=True, exist_ok=True)
    check_space(folder, facts.size, "a recording in pieces")
    streams = [option for kind in "Vas" for option in ("-map", f"0:{kind}?")]
    segments = ["-f", "segment", "-segment_time", f"{seconds:g}", "-reset_timestamps", "1"]
    listed = ["-segment_list", local_file(folder / _LIST), "-segment_list_type", "csv"]
    out = local_file(Path(str(folder).replace("%", "%%")) / f"%05d{_ending(path)}")
    timing = ["-avoid_negative_ts", "disabled"]
    ffmpeg(["-i", local_file(path), *streams, "-c", "copy", *timing, *segments, *listed, out], path)
    return _listed(folder, facts)


def check_cuts(pieces: list[Cut], facts: MediaFacts, seconds: float) -> None:
    """Raises BadInput where pieces are far longer than was asked for, or aren't all of the recording."""
    _check_lengths(pieces, facts, seconds)
    _check_packets(pieces, Path(facts.path))


def _ending(path: Path) -> str:
    """MP4 and transport streams stay what they are; Matroska holds whatever else there is."""
    ending = path.suffix.lower()
    if ending in (".mp4", ".m4v", ".m4a", ".m4b"):
        return ".mp4"
    return ending if ending in (".mov", ".ts") else ".mkv"


def _listed(folder: Path, facts: MediaFacts) -> list[Cut]:
    with (folder / _LIST).open(newline="") as file:
        rows = [(folder / name, float(start), float(end)) for name, start, end in csv.reader(file)]
    starts = [0.0, *(start for _, start, _ in rows[1:])]
    ends = [*starts[1:], _end(rows[-1], facts)]
    return [Cut(row[0], start, end) for row, start, end in zip(rows, starts, ends, strict=True)]


def _end(last: tuple[Path, float, float], facts: MediaFacts) -> float:
    """Of the last piece: the list knows its picture's, and its sound may end later."""
    path, start, listed = last
    shown = ffprobe(["-show_entries", "format=duration"], path)
    seen = start + float(shown.get("format", {}).get("duration", 0.0))
    return min(max(listed, seen), max(listed, facts.duration))


def _check_lengths(pieces: list[Cut], facts: MediaFacts, seconds: float) -> None:
    longest = max(piece.end - piece.start for piece in pieces)
    if longest > _LONGEST * seconds:
        raise BadInput(
            "{} has no key frame for {:.0f} s, so that it can't be cut into pieces of {:g} s without encoding it anew: "
            "ask for longer ones, or encode it with more of them "
            "(ffmpeg -i FILE -force_key_frames 'expr:gte(t,n_forced*{:g})' NEW.mkv)",
            facts.path,
            longest,
            seconds,
            seconds,
        )


def _check_packets(pieces: list[Cut], path: Path) -> None:
    """Raises BadInput where the pieces hold other numbers of packets than the recording, or one begins with a picture
    that needs an earlier one."""
    packets = Counter[str]()
    for at, piece in enumerate(pieces):
        packets += _packets(piece.path)
        if at and not _begins_with_key_frame(piece.path):
            raise BadInput("{} could not be cut at {:.3f} s: no key frame stands there", path, piece.start)
    whole = _packets(path)
    if packets != whole:
        counts = ", ".join(f"{packets[kind]} of {whole[kind]} packets of {kind}" for kind in _COUNTED)
        raise BadInput("{} can't be cut without loss: its pieces hold {}; write it anew as .mkv first", path, counts)


def _packets(path: Path) -> Counter[str]:
    shown = ffprobe(["-count_packets", "-show_entries", "stream=codec_type,nb_read_packets:stream_disposition"], path)
    counts = Counter[str]()
    for stream in shown.get("streams", []):
        if _is_kept(stream):
            counts[stream["codec_type"]] += int(stream.get("nb_read_packets", 0))
    return counts


def _is_kept(stream: JsonObject) -> bool:
    """Cover pictures aren't cut along."""
    disposition: dict[str, Any] = stream.get("disposition", {})
    return stream.get("codec_type") in _COUNTED and not disposition.get("attached_pic")


def _begins_with_key_frame(path: Path) -> bool:
    entries = ["-show_entries", "packet=flags", "-select_streams", "V:0", "-read_intervals", "%+#1"]
    packets = ffprobe(entries, path).get("packets", [])
    return not packets or packets[0]["flags"].startswith("K")
