"""yt-dlp's `….info.json`, with the captions that it downloaded beside it: `….<language>.json3`, `.vtt` or `.srt`.

    yt-dlp --skip-download --write-info-json --write-subs --write-auto-subs --sub-langs en --sub-format json3/vtt URL

Title, description, channel, duration and `chapters` are the info's. Of several captions those in the video's own
language are read, then the original ones (`en-orig`), then the first by name; of one language json3 before WebVTT
before SubRip, since nothing rolls in it. Where there are none, Whisper's JSON of the same name (`….json`) is.
A chapter without a title (`<Untitled Chapter 1>`, yt-dlp's name for what comes before the first) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import srt, talk, webvtt, whisper
from errata.formats.fields import mapping, objects, text, time
from errata.formats.json_files import json_object, parse, read_map, read_text
from errata.formats.source_rows import ImportedTranscript, Rejected
from errata.formats.talk import Speech

INFO = ".info.json"
_ENDINGS = ("json3", "vtt", "srt")
_CAPTIONS = re.compile(rf"(?:([\w-]+)\.)?({'|'.join(_ENDINGS)})")
"""What the name of a video's captions has after the info's stem."""
_PARTS = 3
"""How many parts an ending has at most, as in `talk.f137.mp4.part`."""
_UNTITLED = re.compile(r"<Untitled Chapter \d+>")


def read(
    path: Path, captions: Path | None = None, beside: Iterable[Path] | None = None
) -> Iterator[ImportedTranscript | Rejected]:
    """The video that an info file tells of; `captions` is the file of its captions where it lies elsewhere.

    `beside` are the files among which they are looked for, which are those of its folder by default.
    """
    files = path.parent.iterdir() if beside is None else beside
    return talk.read_row(path, lambda: _raw(path, captions, files))


def fits(content: Any) -> bool:
    return isinstance(content, dict) and "id" in content and bool({"extractor", "webpage_url"} & set(content))


def families(files: Sequence[Path]) -> dict[Path, list[Path]]:
    """Of each info file among those of a folder, what yt-dlp wrote beside it: captions, sound, pictures."""
    infos = {_stem(file): file for file in files if file.name.endswith(INFO)}
    beside: dict[Path, list[Path]] = {info: [] for info in infos.values()}
    for file in files:
        owner = None if file in beside else _owner(file.name, infos)
        if owner is not None:
            beside[owner].append(file)
    return beside


def _owner(name: str, infos: dict[str, Path]) -> Path | None:
    """The info with the longest stem of which the name is that and an ending; no ending has a space."""
    for _ in range(_PARTS):
        name, _dot, part = name.rpartition(".")
        if not part or " " in part:
            return None
        if name in infos:
            return infos[name]
    return None


def _stem(path: Path) -> str:
    return path.name.removesuffix(INFO) if path.name.endswith(INFO) else path.stem


def _raw(path: Path, captions: Path | None, beside: Iterable[Path]) -> JsonObject:
    info = mapping(read_map(path), "the file")
    if info.get("_type") not in (None, "video"):
        raise BadInput(f"it tells of a {short(info['_type'])}, not of a video; leave it out")
    file = captions or _captions(path, info.get("language"), beside)
    metadata = {
        "title": info.get("title"),
        "description": info.get("description"),
        "channel_id": info.get("channel_id") or info.get("channel"),
        "upload_date": info.get("upload_date"),
        "duration": info.get("duration"),
        "chapters": _chapters(info.get("chapters")),
    }
    return {"video_id": info.get("id"), "metadata": metadata, "asr": _speech(file)}


def _captions(path: Path, language: Any, beside: Iterable[Path]) -> Path:
    """`talk.info.json` has `talk.en.vtt`, or `talk.vtt`, or at least `talk.json`."""
    stem = _stem(path)
    names = {file.name for file in beside if file.name.startswith(stem + ".") and file != path}
    matches = [match for name in names if (match := _CAPTIONS.fullmatch(name, len(stem) + 1))]
    if not matches:
        if f"{stem}.json" in names:
            return path.with_name(f"{stem}.json")
        raise BadInput(
            f"no captions are beside it; download them (yt-dlp --skip-download --write-subs --write-auto-subs), "
            f"or put them there as {stem}.en.vtt"
        )

    def rank(match: re.Match[str]) -> tuple[bool, bool, bool, str, int]:
        spoken = match[1] or ""
        own = isinstance(language, str) and spoken.split("-")[0] == language.split("-")[0]
        original = spoken.endswith("-orig")
        return spoken != language, not own, not original, spoken, _ENDINGS.index(match[2])

    return path.with_name(min(matches, key=rank).string)


def _chapters(value: Any) -> JsonObject | None:
    if value is None:
        return None
    starts: list[tuple[str, Any]] = []
    for at, item in enumerate(objects(value, "chapters", "chapter")):
        title = item.get("title")
        if title and not _UNTITLED.fullmatch(str(title)):
            starts.append((str(time(item.get("start_time"), f"chapter {at}'s start_time")), title))
    return json_object(starts)


def _speech(file: Path) -> Speech:
    try:
        if file.suffix == ".json3":
            return _json3(read_text(file))
        speech = {".srt": srt.speech, ".json": whisper.speech}.get(file.suffix, webvtt.speech)
        return speech(read_text(file))
    except BadInput as problem:
        raise BadInput("in its captions, {}: {}", file.name, problem) from problem


def _json3(content: str) -> Speech:
    """YouTube's own format: events in milliseconds; those without words set up a window or break a line."""
    events = enumerate(objects(mapping(parse(content), "the file").get("events"), "events", "event"))
    return [_event(event, f"event {at}") for at, event in events if event.get("segs") is not None]


def _event(event: JsonObject, what: str) -> JsonObject:
    parts = objects(event["segs"], f"{what}'s segs", f"{what}'s part")
    start = time(event.get("tStartMs", 0), f"{what}'s tStartMs")
    length = time(event.get("dDurationMs", 0), f"{what}'s dDurationMs")
    words = "".join(text(part.get("utf8", ""), f"{what}'s utf8") for part in parts)
    return {"start": start / 1000, "end": (start + length) / 1000, "text": words, "speaker": None}
