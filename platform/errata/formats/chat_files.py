"""The chat of a stream, from a file of any format that holds one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from errata.errors import BadInput
from errata.formats import chat, live_chat, twitch_chat, twitch_dl_chat
from errata.formats.chat_log import ChatLog, NoMessages, checked
from errata.formats.json_files import read_text
from errata.formats.kinds import label
from errata.formats.path_kind import path_kind

_READERS: dict[str, Callable[[str], ChatLog]] = {
    "chat": chat.log,
    "live-chat": live_chat.log,
    "twitch-chat": twitch_chat.log,
    "twitch-dl-chat": twitch_dl_chat.log,
}


class ChatFile(NamedTuple):
    label: str
    """What it was taken for, in words."""
    log: ChatLog


def read_chat(path: Path) -> ChatFile:
    """Raises BadInput, with the file and the message, for what can't be read or holds no chat, NoMessages among it."""
    kind = path_kind(path)
    if kind not in _READERS:
        raise BadInput(
            f"{path} is {label(kind)}, and no chat; chats are tcd's .irc, yt-dlp's .live_chat.json, and JSON of "
            "chat-downloader, TwitchDownloader and twitch-dl"
        )
    try:
        return ChatFile(label(kind), checked(_READERS[kind](read_text(path))))
    except NoMessages as problem:
        raise NoMessages("{}: {}", path, problem) from problem
    except BadInput as problem:
        raise BadInput("{}: {}", path, problem) from problem
