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

from errata.domain.chat_messages import ChatMessage
from errata.files import JsonObject
from errata.formats import talk
from errata.formats.chat_log import ChatLog, LoggedStream, as_talk, message, moment
from errata.formats.fields import mapping, number, objects, text_or_nothing, word
from errata.formats.json_files import parse, read_map
from errata.formats.source_rows import ImportedTranscript, Rejected
from errata.formats.talk_names import talk_of


def fits(content: Any) -> bool:
    return isinstance(content, dict) and {"streamer", "comments"} <= set(content)


def read(path: Path, asr: Path | None = None) -> Iterator[ImportedTranscript | Rejected]:
    """The one stream in a file; nothing of it lies elsewhere."""
    return talk.read_row(path, lambda: as_talk(_log(read_map(path)), talk_of(path)))


def log(content: str) -> ChatLog:
    """Raises BadInput, with the comment that can't be read."""
    return _log(mapping(parse(content), "it"))


def _log(content: JsonObject) -> ChatLog:
    read = [_comment(comment, f"comment {at}") for at, comment in enumerate(_comments(content))]
    written = [(each, at) for each, at in read if each is not None]
    moments = tuple(at for _, at in written)
    return ChatLog(
        messages=tuple(each for each, _ in written),
        stream=_stream(content),
        written_at=moments if any(at is not None for at in moments) else (),
    )


def _comments(content: JsonObject) -> list[JsonObject]:
    return objects(content["comments"], "comments", "comment")


def _stream(content: JsonObject) -> LoggedStream:
    video, streamer = mapping(content.get("video") or {}, "video"), mapping(content["streamer"] or {}, "streamer")
    return LoggedStream(
        id=word(video.get("id") or "", "the video's id"),
        title=text_or_nothing(video.get("title"), "the video's title"),
        channel=text_or_nothing(streamer.get("name"), "the streamer's name"),
        duration=number(video.get("length") or 0, "the video's length"),  # 0 where TwitchDownloader doesn't know it
    )


def _comment(comment: JsonObject, what: str) -> tuple[ChatMessage | None, float | None]:
    """None of a comment without words; and when it was written, by Twitch's own clock."""
    body = mapping(comment.get("message") or {}, f"{what}'s message")
    words = text_or_nothing(body.get("body"), f"{what}'s body")
    commenter = mapping(comment.get("commenter") or {}, f"{what}'s commenter")
    at = number(comment.get("content_offset_seconds"), f"{what}'s content_offset_seconds")
    author = text_or_nothing(commenter.get("display_name") or commenter.get("name"), f"{what}'s commenter")
    listed = objects(body.get("user_badges") or [], f"{what}'s badges", "badge")
    badges = [str(badge["_id"]) for badge in listed if badge.get("_id")]
    name = text_or_nothing(comment.get("_id"), f"{what}'s _id")
    written = message(at, author, words, badges, bool(body.get("is_action")), name)
    return written, moment(comment.get("created_at"))
