"""yt-dlp's `….info.json`, with the captions that it downloaded beside it: `….<language>.json3`, `.vtt`, `.srt` or kin.

    yt-dlp --skip-download --write-info-json --write-subs --write-auto-subs --sub-langs en --sub-format json3/vtt URL

Title, description, channel, duration and `chapters` are the info's. Of several captions those in the video's own
language are read, then the original ones (`en-orig`), then the first by name; of one language json3 and srv before
WebVTT before SubRip, since nothing rolls in them. Where there are none, Whisper's JSON of the same name (`….json`) is.
A chapter without a title (`<Untitled Chapter 1>`, yt-dlp's name for what comes before the first) is left out, and so
are those of Twitch, which say what category the stream was listed in.
A playlist's own info file is left out, and so is a video without captions among others; both are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import ass, lrc, srt, talk, ttml, webvtt, whisper, youtube
from errata.formats.fields import mapping, objects, time
from errata.formats.json_files import json_object, read_map, read_text
from errata.formats.source_rows import ImportedTranscript, LeftOut, Rejected, SourceRow
from errata.formats.talk import Speech
from errata.formats.talk_names import INFO, names_without_ending

_READERS: dict[str, Callable[[str], Speech]] = {
    "json3": youtube.speech,
    "srv3": youtube.speech,
    "srv2": youtube.speech,
    "srv1": youtube.speech,
    "vtt": webvtt.speech,
    "ttml": ttml.speech,
    "srt": srt.speech,
    "ass": ass.speech,
    "lrc": lrc.speech,
}
"""By the ending of the captions' name, the best first: nothing rolls in the first four."""
CAPTION_ENDINGS = tuple(f".{ending}" for ending in _READERS)
_CAPTIONS = re.compile(rf"(?:([\w-]+)\.)?({'|'.join(_READERS)})")
"""What the name of a video's captions has after the info's stem."""
_LISTS = ("playlist", "multi_video")
TWITCH = "TwitchVod"
"""yt-dlp's name of Twitch's recordings, of which it has no chapters but the categories that they were listed in."""
_UNTITLED = re.compile(r"<Untitled Chapter \d+>")


def read(
    path: Path, captions: Path | None = None, beside: Iterable[Path] | None = None
) -> Iterator[ImportedTranscript | Rejected]:
    """The video that an info file tells of; `captions` is the file of its captions where it lies elsewhere.

    `beside` are the files among which they are looked for, in a folder that is read; where they are none of these, the
    video is left out. By default they are those of the info file's folder.
    """
    try:
        info = mapping(read_map(path), "the file")
    except BadInput as problem:
        yield SourceRow(str(path), path.stem, None).reject(str(problem))
        return
    files = list(path.parent.iterdir() if beside is None else beside)
    if info.get("_type") in _LISTS:
        yield LeftOut(str(path), path.stem, "playlist's info file", None)
    elif beside is not None and captions is None and not _has_captions(path, files):
        yield LeftOut(str(path), path.stem, "without captions", None)
    else:
        yield from talk.read_row(path, lambda: _raw(info, path, captions, files))


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
    """The info with the longest stem of which the name is that and an ending."""
    return next((infos[base] for base in names_without_ending(name) if base in infos), None)


def _stem(path: Path) -> str:
    return path.name.removesuffix(INFO) if path.name.endswith(INFO) else path.stem


def captions_beside(recording: Path, language: str | None) -> Path | None:
    """The captions of a recording that lie beside it under its name, those in `language` first; None without any."""
    beside = list(recording.parent.iterdir())
    named = [path for path in beside if path != recording and not path.name.endswith(INFO)]
    return _captions(recording, language, named) if _has_captions(recording, named) else None


def read_captions(file: Path) -> Speech:
    """The lines of captions, or of Whisper's JSON. Raises BadInput, which names the file."""
    return _speech(file)


def _raw(info: JsonObject, path: Path, captions: Path | None, beside: Sequence[Path]) -> JsonObject:
    if info.get("_type") not in (None, "video"):
        raise BadInput("it tells of a {}, not of a video; leave it out", short(info["_type"]))
    file = captions or _captions(path, info.get("language"), beside)
    categories = info.get("extractor_key") == TWITCH
    metadata = {
        "title": info.get("title"),
        "description": info.get("description"),
        "channel_id": info.get("channel_id") or info.get("channel"),
        "upload_date": info.get("upload_date"),
        "duration": info.get("duration"),
        "chapters": None if categories else _chapters(info.get("chapters")),
    }
    return {"video_id": info.get("id"), "metadata": metadata, "asr": _speech(file)}


def _captions(path: Path, language: Any, beside: Sequence[Path]) -> Path:
    """`talk.info.json` has `talk.en.vtt`, or `talk.vtt`, or at least `talk.json`."""
    stem = _stem(path)
    matches = _named_captions(path, beside)
    if not matches:
        if path.with_name(f"{stem}.json") in beside:
            return path.with_name(f"{stem}.json")
        raise BadInput(
            "no captions are beside it; download them (yt-dlp --skip-download --write-subs --write-auto-subs), "
            "or put them there as {}.en.vtt",
            stem,
        )

    def rank(match: re.Match[str]) -> tuple[bool, bool, bool, str, int]:
        spoken = match[1] or ""
        own = isinstance(language, str) and spoken.split("-")[0] == language.split("-")[0]
        original = spoken.endswith("-orig")
        return spoken != language, not own, not original, spoken, list(_READERS).index(match[2])

    return path.with_name(min(matches, key=rank).string)


def _has_captions(path: Path, beside: Sequence[Path]) -> bool:
    return bool(_named_captions(path, beside)) or path.with_name(f"{_stem(path)}.json") in beside


def _named_captions(path: Path, beside: Iterable[Path]) -> list[re.Match[str]]:
    stem = _stem(path)
    names = {file.name for file in beside if file.name.startswith(stem + ".") and file != path}
    return [match for name in names if (match := _CAPTIONS.fullmatch(name, len(stem) + 1))]


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
        return _READERS.get(file.suffix.removeprefix("."), whisper.speech)(read_text(file))
    except BadInput as problem:
        raise BadInput("in its captions, {}: {}", file.name, problem) from problem
