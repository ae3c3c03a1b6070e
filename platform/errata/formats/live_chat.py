"""A stream's chat as yt-dlp (`.live_chat.json`, a JSON object a line) and chat-downloader (a list, or a line each) have
it: one file is one stream, and a message is a line of it.

    {"replayChatItemAction": {"videoOffsetTimeMsec": "16490", "actions": [{"addChatItemAction": {"item": {
        "liveChatTextMessageRenderer": {"message": {"runs": [{"text": "a newt!"}]},
                                        "authorName": {"simpleText": "mira"}, "timestampText": {"simpleText": "0:16"}}
    }}}]}}
    {"time_in_seconds": 33, "message": "hello", "author": {"name": "mira"}}

A message is at one time: it ends where it begins. One from before the stream has a negative time. What has no words
(gifts, memberships, polls, pictures) is no message.

What was taken out while the chat was logged stands there as an action of its own, which names a message or an author:

    {"replayChatItemAction": {"actions": [{"markChatItemAsDeletedAction": {"targetItemId": "…"}}]}}
    {"action_type": "mark_chat_items_by_author_as_deleted", "author": {"id": "…"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from errata.domain.chat_messages import ChatMessage
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.chat_log import ChatLog, LoggedDeletion, as_line, message
from errata.formats.cues import seconds
from errata.formats.fields import mapping, objects, text, text_or_nothing, written_number
from errata.formats.json_files import parse, parse_lines
from errata.formats.talk import Speech

_REPLAY = "replayChatItemAction"
_BEFORE = re.compile(r"-(\d.*)")
_MESSAGE_GONE = ("markChatItemAsDeletedAction", "removeChatItemAction")
_AUTHOR_GONE = ("markChatItemsByAuthorAsDeletedAction", "removeChatItemByAuthorAction")
_GONE_BY_TYPE = {
    "mark_chat_item_as_deleted": False,
    "remove_chat_item": False,
    "mark_chat_items_by_author_as_deleted": True,
    "remove_chat_item_by_author": True,
}
"""chat-downloader's names of the same, and whether all that the author wrote goes."""
_MICROSECONDS = 1_000_000


@dataclass
class _LogReader:
    """Gathers a log row by row: what takes messages out follows them."""

    messages: list[ChatMessage] = field(default_factory=list)
    written_at: list[float | None] = field(default_factory=list)
    deletions: list[LoggedDeletion] = field(default_factory=list)
    _by_id: dict[str, str] = field(default_factory=dict)
    """The key of each message, by its id,"""
    _by_author: dict[str, list[str]] = field(default_factory=dict)
    """and those of each author's, by the author's id."""

    def add(self, written: ChatMessage | None, author_id: Any, written_at: float | None) -> None:
        if written is None:
            return
        self.messages.append(written)
        self.written_at.append(written_at)
        self._by_id[written.id] = written.key
        self._by_author.setdefault(str(author_id or ""), []).append(written.key)

    def take_out(self, target: Any, why: str) -> None:
        """What the log lacks, nobody need take out."""
        if isinstance(target, str) and target in self._by_id:
            self.deletions.append(LoggedDeletion(self._by_id[target], why))

    def take_out_author(self, author_id: Any, why: str) -> None:
        if isinstance(author_id, str) and author_id:
            self.deletions += [LoggedDeletion(key, why) for key in self._by_author.get(author_id, ())]

    def log(self) -> ChatLog:
        known = any(moment is not None for moment in self.written_at)
        order = sorted(range(len(self.messages)), key=lambda place: self.messages[place].at)
        return ChatLog(
            messages=tuple(self.messages[place] for place in order),
            deletions=tuple(dict.fromkeys(self.deletions)),
            written_at=tuple(self.written_at[place] for place in order) if known else (),
        )


def fits(content: Any) -> bool:
    """Of a file, or of a row of one."""
    if isinstance(content, list):
        return any(_is_message(item) for item in content)
    return isinstance(content, dict) and (_REPLAY in content or _is_message(content))


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and {"time_in_seconds", "message"} <= set(item)


def log(content: str) -> ChatLog:
    """In the order of time. Raises BadInput, with the message that can't be read."""
    reader = _LogReader()
    for at, row in enumerate(objects(_rows(content), "it", "message")):
        if _REPLAY in row:
            _replayed(row, f"message {at}", reader)
        else:
            _downloaded(row, f"message {at}", reader)
    return reader.log()


def speech(content: str) -> Speech:
    lines = [as_line(written) for written in log(content).messages]
    if not lines:
        raise BadInput("no message with words is in it; leave it out")
    return lines


def _rows(content: str) -> Any:
    if content.lstrip().startswith("["):
        return parse(content)
    return parse_lines(content)


def _downloaded(row: JsonObject, what: str, reader: _LogReader) -> None:
    author = mapping(row.get("author") or {}, f"{what}'s author")
    words = text_or_nothing(row.get("message"), f"{what}'s message")
    kind = row.get("action_type")
    if isinstance(kind, str) and kind in _GONE_BY_TYPE:
        if _GONE_BY_TYPE[kind]:
            reader.take_out_author(author.get("id"), words)
        else:
            reader.take_out(row.get("target_message_id"), words)
        return
    if row.get("time_in_seconds") is None:  # a live stream's, not a recording's
        raise BadInput("{} has no time_in_seconds; download the chat of the recording", what)
    at = row["time_in_seconds"]
    early = isinstance(at, int | float) and at < 0
    start = written_number(-at if early else at, f"{what}'s time_in_seconds")
    listed = objects(author.get("badges") or [], f"{what}'s badges", "badge")
    badges = [str(badge["title"]) for badge in listed if badge.get("title")]
    name = text_or_nothing(author.get("name"), f"{what}'s author")
    written = message(
        -start if early else start, name, words, badges, name=text_or_nothing(row.get("message_id"), f"{what}'s id")
    )
    reader.add(written, author.get("id"), _absolute(row.get("timestamp")) if start else None)


def _replayed(row: JsonObject, what: str, reader: _LogReader) -> None:
    replay = mapping(row[_REPLAY], what)
    for action in objects(replay.get("actions", []), f"{what}'s actions", "action"):
        for name in _MESSAGE_GONE:
            gone = mapping(action.get(name) or {}, what)
            reader.take_out(gone.get("targetItemId"), _state(gone, what))
        for name in _AUTHOR_GONE:
            gone = mapping(action.get(name) or {}, what)
            reader.take_out_author(gone.get("externalChannelId"), _state(gone, what))
        item = mapping(mapping(action.get("addChatItemAction") or {}, what).get("item") or {}, what)
        for renderer in item.values():
            if isinstance(renderer, dict) and "message" in renderer:
                _rendered(renderer, replay, what, reader)


def _rendered(renderer: JsonObject, replay: JsonObject, what: str, reader: _LogReader) -> None:
    words = "".join(_runs(mapping(renderer["message"], f"{what}'s message"), what))
    author = mapping(renderer.get("authorName") or {}, f"{what}'s author").get("simpleText")
    at = _moment(renderer, replay, what)
    name = text_or_nothing(renderer.get("id"), f"{what}'s id")
    written = message(at, text_or_nothing(author, f"{what}'s author"), words, _badges(renderer, what), name=name)
    moment = _absolute(renderer.get("timestampUsec")) if at > 0 else None
    reader.add(written, renderer.get("authorExternalChannelId"), moment)


def _state(gone: JsonObject, what: str) -> str:
    """What YouTube shows in the message's place."""
    return "".join(_runs(mapping(gone.get("deletedStateMessage") or {}, what), what))


def _badges(renderer: JsonObject, what: str) -> list[str]:
    """YouTube's own have an icon; a member's has the channel's picture, and words."""
    found = []
    for badge in objects(renderer.get("authorBadges") or [], f"{what}'s badges", "badge"):
        shown = mapping(badge.get("liveChatAuthorBadgeRenderer") or {}, f"{what}'s badge")
        icon = mapping(shown.get("icon") or {}, f"{what}'s badge").get("iconType")
        found.append(str(icon).lower() if icon else text_or_nothing(shown.get("tooltip"), f"{what}'s badge"))
    return list(filter(None, found))


def _runs(shown: JsonObject, what: str) -> Iterator[str]:
    for run in objects(shown.get("runs") or [], f"{what}'s runs", "run"):
        emoji = run.get("emoji")
        if isinstance(emoji, dict):
            names = emoji.get("shortcuts")
            yield str(names[0] if isinstance(names, list) and names else emoji.get("emojiId", ""))
        else:
            yield text(run.get("text", ""), f"{what}'s text")


def _moment(renderer: JsonObject, replay: JsonObject, what: str) -> float:
    """Seconds; YouTube gives what came before the stream the offset 0, and writes its time with a minus."""
    clock = mapping(renderer.get("timestampText") or {}, what).get("simpleText")
    before = _BEFORE.fullmatch(clock) if isinstance(clock, str) else None
    if before:
        return -seconds(before[1], f"{what}'s timestampText")
    return written_number(replay.get("videoOffsetTimeMsec"), f"{what}'s videoOffsetTimeMsec") / 1000


def _absolute(value: Any) -> float | None:
    """Seconds since 1970; None of what is no time: it says only whether two clocks agree."""
    try:
        return written_number(value, "the time") / _MICROSECONDS
    except BadInput:
        return None
