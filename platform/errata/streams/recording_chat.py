"""The chat that was written while a recording was live: in a file beside it, or fetched from where it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from errata.formats.chat_files import read_chat
from errata.formats.chat_log import NoMessages
from errata.formats.json_files import read_map
from errata.streams import downloads, twitch_downloads

LIVE_CHAT = ".live_chat.json"
"""How yt-dlp calls the chat of a recording: `talk.live_chat.json`."""
_TWITCH_CHAT = ".twitch_chat.json"


@dataclass(frozen=True, slots=True)
class RecordingChat:
    file: Path
    messages: int
    tool: str
    """Which fetched it; `errata` where it lay there."""
    version: str


def chat_of(recording: Path, info: Path | None, scratch: Path) -> RecordingChat | None:
    """The chat of a recording; None where there is none, or nobody wrote.

    `info` is the info file of one that was downloaded: with it, the chat is fetched to beside the recording, by way of
    `scratch`. Raises BadInput for a chat that can't be fetched or read, and NoTwitchDl.
    """
    beside = recording.with_name(recording.stem + LIVE_CHAT)
    if info is None:
        return _read(beside, "errata", "") if beside.is_file() else None
    said = read_map(info)
    if downloads.has_chat(said):
        if not beside.is_file():
            downloads.download_chat(info, beside)
        return _read(beside, downloads.TOOL, downloads.downloads_version())
    if (name := twitch_downloads.recording_id(said)) is not None:
        saved = recording.with_name(recording.stem + _TWITCH_CHAT)
        there = saved.is_file() or twitch_downloads.download_chat(name, saved, scratch)
        return _read(saved, twitch_downloads.TOOL, twitch_downloads.twitch_dl_version()) if there else None
    return None


def _read(file: Path, tool: str, version: str) -> RecordingChat | None:
    if not file.stat().st_size:
        return None
    try:
        return RecordingChat(file, len(read_chat(file).log.messages), tool, version)
    except NoMessages:
        return None
