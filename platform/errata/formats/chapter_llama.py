"""Transcripts in the schema of the `lucas-ventura/chapter-llama` dataset: metadata in one file, speech in another.

metadata (`chapters*.json`, `transcripts*.json`):
    {video_id: {duration, title, description, channel_id, chapters: {"<start, s>": title}}}, other keys are left alone
speech (`asrs*.json`), in either of two shapes:
    {video_id: {text: […], start: […], end: […], speaker: […]}}, speaker may be missing
    {video_id: [{start, end, text, speaker}]}

A row is taken whole or refused whole. The duration is the stated one, or the last end where that is later or none is
stated: durations are often estimates. How long a recording goes on after its last words, only a stated duration tells.
Segments may overlap; those without text are left out; what slips in their times `segments` puts right. Chapter starts
may have commas ("1,234").

A `.jsonl` file is read too, with both halves in each line: it is the rejects file that `source_rows` describes.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar

from errata.domain.chapter import Chapters, tidy
from errata.domain.recording_end import before_end
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import segments
from errata.formats.fields import (
    chapter,
    chapters,
    listing,
    mapping,
    objects,
    text,
    text_or_nothing,
    time,
    written_time,
)
from errata.formats.json_files import is_there, read_map
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow, convert_rows, json_lines

Place = TypeVar("Place", bound=PurePath)

METADATA = ("chapters*.json", "transcripts*.json")
SPEECH = ("asrs*.json",)
METADATA_KEYS = frozenset({"duration", "title", "description", "channel_id", "chapters"})
"""What an entry of the metadata may tell of its video."""


_SLACK, _SLACK_SHARE = 10.0, 0.05
"""How much later than the stated duration the last words may begin, in seconds and as a share of it: stated durations
are rounded, or estimates, or a podcast's before its advertisements were put in."""


class _Entry(NamedTuple):
    file: str
    video_id: str
    value: Any


class _Entries(NamedTuple):
    first: dict[str, _Entry]
    later: list[_Entry]
    """Entries under an id that another entry has taken."""


def read(path: Path, asr: Path | None = None) -> Iterator[ImportedTranscript | Rejected]:
    """Reads a folder, a metadata file or a rejects file; `asr` is the speech (file or folder) where it lies elsewhere.

    Beside a folder's own files those in its `chapters/` and `asrs/` count; several of a kind are merged. To a metadata
    file belongs the speech file of the same name (`chapters_x.json`, `asrs_x.json`), beside it or in `asrs/`.
    Raises BadInput when a file can't be read or none is found.
    """
    if path.suffix.lower() == ".jsonl":
        if asr is not None:
            raise BadInput(f"{path} holds the speech in its own lines; leave {asr} out")
        return convert_rows(json_lines(path), transcript_of)
    metadata = _merge(_matching_files(path, "chapters", METADATA) if path.is_dir() else [path])
    speech = _merge(_speech_files(path, asr))
    return convert_rows(_join(metadata, speech), transcript_of)


def _matching_files(folder: Path, below: str, patterns: tuple[str, ...]) -> list[Path]:
    files: list[Path] = []
    for place in (folder, folder / below):
        for pattern in patterns:
            files += sorted(place.glob(pattern))
    if not files:
        raise BadInput(f"{folder} has no {' or '.join(patterns)}, nor has its folder {below}/; put it there or name it")
    return files


def _speech_files(path: Path, asr: Path | None) -> list[Path]:
    where = asr or path
    if where.is_dir():
        return _matching_files(where, "asrs", SPEECH)
    return [asr or _partner(path)]


def partners(path: Place) -> Iterator[Place]:
    """Where a metadata file's speech may lie, in the order in which it is looked for."""
    for kind in ("chapters", "transcripts"):
        if path.name.startswith(kind):
            name = path.name.replace(kind, "asrs", 1)
            yield from (path.parent / name, path.parent / "asrs" / name, path.parent.parent / "asrs" / name)


def _partner(path: Path) -> Path:
    for place in partners(path):
        if is_there(place):
            return place
    if any(fnmatch(path.name, name) for name in SPEECH):
        raise BadInput(f"{path} is speech without metadata; name the metadata file (chapters*.json) that it belongs to")
    raise BadInput(
        f"{path} has no speech file of the same name (asrs*.json) near it; put it there, or import the "
        "two by `errata import transcripts --asr`"
    )


def _merge(files: list[Path]) -> _Entries:
    """All the files' entries; one that another file has too, word for word, is no second one."""
    first: dict[str, _Entry] = {}
    later: list[_Entry] = []
    for file in files:
        for video_id, value in read_map(file).items():
            entry = _Entry(str(file), video_id, value)
            # Within one file a repeated id is always a fault: which of the two is right nobody can say.
            earlier = first.setdefault(video_id, entry)
            if earlier is not entry and (earlier.file == entry.file or earlier.value != entry.value):
                later.append(entry)
    return _Entries(first, later)


def _join(metadata: _Entries, speech: _Entries) -> Iterator[SourceRow | Rejected]:
    for entry in metadata.first.values():
        yield _row(entry, entry, speech.first.get(entry.video_id))
    for entry in speech.first.values():
        if entry.video_id not in metadata.first:
            yield _row(entry, None, entry)
    for entry in metadata.later:
        yield _row(entry, entry, speech.first.get(entry.video_id)).reject(_twice(metadata.first[entry.video_id]))
    for entry in speech.later:
        yield _row(entry, metadata.first.get(entry.video_id), entry).reject(_twice(speech.first[entry.video_id]))


def _row(place: _Entry, metadata: _Entry | None, speech: _Entry | None) -> SourceRow:
    halves = {"metadata": metadata.value if metadata else None, "asr": speech.value if speech else None}
    return SourceRow(place.file, place.video_id, {"video_id": place.video_id, **halves})


def _twice(first: _Entry) -> BadInput:
    return BadInput(
        "video {!r} stands a second time, first in {}; give this one an id of its own", first.video_id, first.file
    )


def transcript_of(row: SourceRow) -> ImportedTranscript:
    """A row of both halves; raises BadInput."""
    raw = mapping(row.raw, "the row")
    video_id = text(raw.get("video_id"), "video_id")
    if raw.get("metadata") is None:
        raise BadInput("no metadata for video {!r}; add its entry to the metadata file", video_id)
    if raw.get("asr") is None:
        raise BadInput("no speech for video {!r}; add its entry to the asrs file", video_id)
    metadata, asr = mapping(raw["metadata"], "metadata"), raw["asr"]
    spoken = segments.ordered(_lines(mapping(asr, "asr")) if isinstance(asr, dict) else objects(asr, "asr", "segment"))
    stated = metadata.get("duration")
    stated = None if stated is None else time(stated, "duration")
    transcript = _transcript(video_id, metadata, spoken.segments, stated)
    adjustments = spoken.adjustments
    if stated and stated < transcript.duration:
        adjustments["duration"] += 1
    reference = _reference(metadata.get("chapters"))
    if reference is not None:
        reference, late = before_end(reference, transcript.duration, "seconds", video_id)
        adjustments.update({"after the end": late} if late else {})
    return ImportedTranscript(transcript, reference, row, adjustments)


def _transcript(video_id: str, metadata: JsonObject, spoken: tuple[Segment, ...], stated: float | None) -> Transcript:
    last_end = max((segment.end for segment in spoken), default=0.0)
    if stated and spoken and spoken[-1].start > stated + max(_SLACK, _SLACK_SHARE * stated):
        raise BadInput(
            "the stated duration is {:g} s, but the last words begin at {:g} s: the speech may be another recording's; "
            "mend one",
            stated,
            spoken[-1].start,
        )
    return Transcript(
        external_id=video_id,
        segments=spoken,
        duration=max(stated or 0.0, last_end),
        title=tidy(text_or_nothing(metadata.get("title"), "title")),
        description=text_or_nothing(metadata.get("description"), "description"),
        channel=text_or_nothing(metadata.get("channel_id"), "channel_id"),
    )


def _lines(asr: JsonObject) -> list[JsonObject]:
    """The dict of lists, turned into a list of dicts."""
    names = ["text", "start", "end"] + (["speaker"] if asr.get("speaker") is not None else [])
    columns = [listing(asr.get(name), f"asr.{name}") for name in names]
    for name, column in zip(names, columns, strict=True):
        if len(column) != len(columns[0]):
            raise BadInput(
                "asr.{} has {} entries and asr.text {}; they must be as long", name, len(column), len(columns[0])
            )
    return [dict(zip(names, line, strict=True)) for line in zip(*columns, strict=True)]


def _reference(value: Any) -> Chapters | None:
    if value is None:
        return None
    starts = mapping(value, "chapters")
    items = []
    for key, title in starts.items():
        items.append(chapter(written_time(key, "a chapter's start"), title, f"the chapter at {key}"))
    return chapters(items, "the video")
