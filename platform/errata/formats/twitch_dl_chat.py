"""A Twitch recording's chat as `twitch-dl chat json` saves it: the answers of Twitch's own GraphQL, in one file.

    {"video": {"id": "5", "title": "Pond life", "lengthSeconds": 10102, "owner": {"login": "mira"}},
     "video_comments": {"badges": []},
     "comments": [{"contentOffsetSeconds": 16, "commenter": {"displayName": "Fen"},
                   "message": {"fragments": [{"text": "a "}, {"text": "newt!"}], "userBadges": []}}]}

A comment's words come in fragments, where an emote is its name. One by an account that is gone has nobody's name.
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
    return isinstance(content, dict) and {"video", "video_comments", "comments"} <= set(content)


def read(path: Path, asr: Path | None = None) -> Iterator[ImportedTranscript | Rejected]:
    """The one stream in a file; nothing of it lies elsewhere."""
    return talk.read_row(path, lambda: as_talk(_log(read_map(path)), talk_of(path)))


def log(content: str) -> ChatLog:
    """Raises BadInput, with the comment that can't be read."""
    return _log(mapping(parse(content), "it"))


def _log(content: JsonObject) -> ChatLog:
    messages = list[ChatMessage]()
    written_at = list[float | None]()
    for at, comment in enumerate(objects(content["comments"], "comments", "comment")):
        written = _comment(comment, f"comment {at}")
        if written is not None:
            messages.append(written)
            written_at.append(moment(comment.get("createdAt")))
    known = any(at is not None for at in written_at)
    return ChatLog(tuple(messages), stream=_stream(content), written_at=tuple(written_at) if known else ())


def _stream(content: JsonObject) -> LoggedStream:
    video = mapping(content["video"] or {}, "video")
    owner = mapping(video.get("owner") or {}, "the video's owner")
    return LoggedStream(
        id=word(video.get("id") or "", "the video's id"),
        title=text_or_nothing(video.get("title"), "the video's title"),
        channel=text_or_nothing(owner.get("login"), "the owner's login"),
        duration=number(video.get("lengthSeconds") or 0, "the video's lengthSeconds"),
    )


def _comment(comment: JsonObject, what: str) -> ChatMessage | None:
    """None of a comment without words."""
    body = mapping(comment.get("message") or {}, f"{what}'s message")
    fragments = objects(body.get("fragments") or [], f"{what}'s fragments", "fragment")
    words = "".join(text_or_nothing(fragment.get("text"), f"{what}'s text") for fragment in fragments)
    commenter = mapping(comment.get("commenter") or {}, f"{what}'s commenter")
    author = text_or_nothing(commenter.get("displayName") or commenter.get("login"), f"{what}'s commenter")
    listed = objects(body.get("userBadges") or [], f"{what}'s badges", "badge")
    badges = [str(badge["setID"]) for badge in listed if badge.get("setID")]
    at = number(comment.get("contentOffsetSeconds"), f"{what}'s contentOffsetSeconds")
    return message(at, author, words, badges, name=text_or_nothing(comment.get("id"), f"{what}'s id"))
