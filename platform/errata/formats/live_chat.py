"""A stream's chat as yt-dlp (`.live_chat.json`, a JSON object a line) and chat-downloader (a list, or a line each) have
it: one file is one stream, and a message is a line of it.

    {"replayChatItemAction": {"videoOffsetTimeMsec": "16490", "actions": [{"addChatItemAction": {"item": {
        "liveChatTextMessageRenderer": {"message": {"runs": [{"text": "a newt!"}]},
                                        "authorName": {"simpleText": "mira"}, "timestampText": {"simpleText": "0:16"}}
    }}}]}}
    {"time_in_seconds": 33, "message": "hello", "author": {"name": "mira"}}

A message is at one time: it ends where it begins. One from before the stream has a negative time. What has no words
(gifts, memberships, polls, pictures) is no message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.cues import seconds
from errata.formats.fields import mapping, objects, text, text_or_nothing, written_number
from errata.formats.json_files import parse, parse_lines
from errata.formats.talk import Speech

_REPLAY = "replayChatItemAction"
_BEFORE = re.compile(r"-(\d.*)")


def fits(content: Any) -> bool:
    """Of a file, or of a row of one."""
    if isinstance(content, list):
        return any(_is_message(item) for item in content)
    return isinstance(content, dict) and (_REPLAY in content or _is_message(content))


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and {"time_in_seconds", "message"} <= set(item)


def speech(content: str) -> Speech:
    """Raises BadInput, with the message that can't be read."""
    rows = objects(_rows(content), "it", "message")
    lines: Speech = []
    for at, row in enumerate(rows):
        lines += _replayed(row, f"message {at}") if _REPLAY in row else _downloaded(row, f"message {at}")
    if not lines:
        raise BadInput("no message with words is in it; leave it out")
    return sorted(lines, key=lambda line: float(line["start"]))


def _rows(content: str) -> Any:
    if content.lstrip().startswith("["):
        return parse(content)
    return parse_lines(content)


def _line(at: float, words: str, speaker: Any) -> Speech:
    return [{"start": at, "end": at, "text": words, "speaker": speaker}] if words.strip() else []


def _downloaded(row: JsonObject, what: str) -> Speech:
    if row.get("time_in_seconds") is None:  # a live stream's, not a recording's
        raise BadInput("{} has no time_in_seconds; download the chat of the recording", what)
    at = row["time_in_seconds"]
    early = isinstance(at, int | float) and at < 0
    author = mapping(row.get("author") or {}, f"{what}'s author")
    start = written_number(-at if early else at, f"{what}'s time_in_seconds")
    words = text_or_nothing(row.get("message"), f"{what}'s message")
    return _line(-start if early else start, words, author.get("name"))


def _replayed(row: JsonObject, what: str) -> Speech:
    replay = mapping(row[_REPLAY], what)
    lines: Speech = []
    for action in objects(replay.get("actions", []), f"{what}'s actions", "action"):
        item = mapping(mapping(action.get("addChatItemAction") or {}, what).get("item") or {}, what)
        for renderer in item.values():
            if isinstance(renderer, dict) and "message" in renderer:
                message = mapping(renderer["message"], f"{what}'s message")
                words = "".join(_runs(message, what))
                author = mapping(renderer.get("authorName") or {}, f"{what}'s author").get("simpleText")
                lines += _line(_moment(renderer, replay, what), words, author)
    return lines


def _runs(message: JsonObject, what: str) -> Iterator[str]:
    for run in objects(message.get("runs") or [], f"{what}'s runs", "run"):
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
