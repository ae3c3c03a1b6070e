"""A Twitch stream's chat as TwitchDownloader saves it in JSON: one file is one stream, and a comment is a line of it.

    {"streamer": {"name": "mira"}, "video": {"title": "Pond life", "length": 10102},
     "comments": [{"content_offset_seconds": 16, "commenter": {"display_name": "Fen"}, "message": {"body": "a newt!"}}]}

Title, channel and duration are the video's; its chapters, which say what category it was listed in, are no reviewer's
and are left. A comment is at one time: it ends where it begins. One by an account that is gone has nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import talk
from errata.formats.fields import mapping, number, objects, text_or_nothing
from errata.formats.json_files import read_map
from errata.formats.source_rows import ImportedTranscript, Rejected
from errata.formats.talk_names import talk_of


def fits(content: Any) -> bool:
    return isinstance(content, dict) and {"streamer", "comments"} <= set(content)


def read(path: Path, asr: Path | None = None) -> Iterator[ImportedTranscript | Rejected]:
    """The one stream in a file; nothing of it lies elsewhere."""
    return talk.read_row(path, lambda: _raw(path))


def _raw(path: Path) -> JsonObject:
    content = read_map(path)
    video = mapping(content.get("video") or {}, "video")
    streamer = mapping(content["streamer"] or {}, "streamer")
    lines = [line for at, comment in enumerate(_comments(content)) for line in _lines(comment, f"comment {at}")]
    if not lines:
        raise BadInput("no comment with words is in it; leave it out")
    metadata = {"title": video.get("title"), "channel_id": streamer.get("name"), "duration": video.get("length")}
    # TwitchDownloader writes 0 for what it doesn't know
    known = {name: value for name, value in metadata.items() if value}
    return {"video_id": talk_of(path), "metadata": known, "asr": lines}


def _comments(content: JsonObject) -> list[JsonObject]:
    return objects(content["comments"], "comments", "comment")


def _lines(comment: JsonObject, what: str) -> talk.Speech:
    """Nothing of a comment without words."""
    message = mapping(comment.get("message") or {}, f"{what}'s message")
    words = text_or_nothing(message.get("body"), f"{what}'s body")
    commenter = mapping(comment.get("commenter") or {}, f"{what}'s commenter")
    at = number(comment.get("content_offset_seconds"), f"{what}'s content_offset_seconds")
    speaker = commenter.get("display_name") or commenter.get("name")
    return [{"start": at, "end": at, "text": words, "speaker": speaker}] if words.strip() else []
