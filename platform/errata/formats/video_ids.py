"""By which transcript's id a row of a reviewer's tool goes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from reprlib import repr as short
from urllib.parse import parse_qs, unquote, urlsplit

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import word
from errata.formats.talk_names import id_in_title

ID_KEYS = ("video_id", "external_id", "id", "path")
FILE_KEYS = ("audio", "video", "media", "file", "filename", "url", "audio_url", "video_url")

AUDIO = (".mp3", ".m4a", ".m4b", ".wav", ".flac", ".ogg", ".oga", ".opus", ".aac", ".wma")
VIDEO = (".mp4", ".m4v", ".webm", ".mkv", ".mov", ".avi", ".mpg", ".mpeg")
_ENDINGS = (*AUDIO, *VIDEO, ".vtt", ".srt", ".txt", ".json")
"""How the files end whose bare name is known to be one: a dot may also stand in an id."""

_UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")
"""What Label Studio puts before the name of an uploaded file, unless it is an old one."""


def video_id(data: JsonObject, keys: tuple[str, ...] = ID_KEYS, key: str | None = None) -> str:
    """What the field `key` says, where one is named: the id, or a file or address that is called by it.

    Else the first of `keys` that is filled in, or the stem of the media file that one of FILE_KEYS names. Raises
    BadInput where there is none.
    """
    if key is not None:
        return keyed_id(data, key)
    for name in keys:
        if data.get(name) not in (None, ""):
            return word(data[name], name)
    for name in FILE_KEYS:
        if isinstance(data.get(name), str) and (stem := _stem(data[name])):
            return stem
    raise BadInput(
        "nothing in {} is the video's id; add it as `video_id`, or name its field with --key", short(sorted(data))
    )


def keyed_id(data: JsonObject, key: str) -> str:
    """The id that the field `key` says. Raises BadInput where there is none."""
    if key not in data:
        raise BadInput("it has no {!r}, which is to hold the transcript's id, but {}", key, short(sorted(data)))
    if data[key] in (None, ""):
        raise BadInput("its {!r}, which is to hold the transcript's id, is empty; fill it in", key)
    return id_in(word(data[key], key))


def id_in(name: str) -> str:
    """The id in `talk1`, `talk1.mp4`, `talks/talk1.mp4`, `https://…/talk1.mp4` or `https://…/watch?v=talk1`."""
    place = name.replace("\\", "/")
    if "/" in place:
        return _stem(place) or _page(place) or name
    file = PurePosixPath(name)
    return id_in_title(file.stem) if file.suffix.lower() in _ENDINGS else name


def _stem(place: str) -> str:
    """The name of a file at a path or URL without its ending; empty where it has none, as a page has not."""
    try:
        parts = urlsplit(place)
    except ValueError:
        return ""
    local_path = parse_qs(parts.query).get("d", [""])[0] if parts.path.endswith("/local-files/") else ""
    file = PurePosixPath(local_path or unquote(parts.path))
    if not file.suffix:
        return ""
    return id_in_title(_UPLOADED.sub("", file.stem, count=1) if "/data/upload/" in parts.path else file.stem)


def _page(place: str) -> str:
    """What a page's address calls it: `?v=…`, as YouTube's do, or the last part of its path."""
    try:
        parts = urlsplit(place)
    except ValueError:
        return ""
    return parse_qs(parts.query).get("v", [""])[0] or PurePosixPath(unquote(parts.path)).name
