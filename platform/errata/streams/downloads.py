"""Videos at an address, by yt-dlp: which there are, and one of them with its captions and all that is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from errata.domain.video import KnownVideo
from errata.errors import BadInput, missing_extra
from errata.files import JsonObject
from errata.formats.video_ids import id_in

TOOL = "yt-dlp"
NAME = "talk"
"""What the files of a download are called: `talk.mp4`, `talk.info.json`, `talk.en.vtt`."""
_CHAT, _REPLAYED = "live_chat", "youtube_live_chat_replay"
"""What yt-dlp calls the chat of a YouTube stream, among subtitles, and the way to fetch it once the stream is over: one
that is live would go on as long as the stream does."""
_PATIENCE = 30
"""Seconds that a server may be silent."""


class _Complaints:
    """What yt-dlp would print: the last error is why it gave up."""

    def debug(self, message: str) -> None: ...

    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Download:
    path: Path
    """The recording."""
    address: str
    """Where a player may fetch the very file; empty where the site has no such address."""


def require_downloads() -> None:
    """Raises Unavailable where yt-dlp is not installed."""
    try:
        version(TOOL)
    except PackageNotFoundError as error:
        raise missing_extra("yt-dlp, which downloads videos, is not installed", "streams") from error


def downloads_version() -> str:
    return version(TOOL)


def videos_at(address: str) -> Iterator[KnownVideo]:
    """The video at an address, or those of the playlist there, without looking into each. Raises BadInput."""
    options = {"extract_flat": "in_playlist"}
    with _yt_dlp(options, address) as tool:
        found = tool.extract_info(address, download=False)
        shown: JsonObject = tool.sanitize_info(found) if found else {}
    videos = [_known(entry, playlist, address) for entry, playlist in _entries(shown, shown)]
    if not videos:
        raise BadInput("there is no video at {}; check the address", address)
    yield from videos


def playable(address: str) -> tuple[str, KnownVideo]:
    """Where the sound of the video at an address can be played while it comes, and what is known of it; a stream that
    is live too. Raises BadInput."""
    with _yt_dlp({"format": "bestaudio/best", "noplaylist": True}, address) as tool:
        found = tool.extract_info(address, download=False)
        info: JsonObject = tool.sanitize_info(found) if found else {}
    if not info.get("url"):
        raise BadInput("there is nothing to play at {}; name the address of one video or stream", address)
    return str(info["url"]), _known(info, info, address)


def download(origin: str, folder: Path, language: str) -> Download:
    """Downloads a video into `folder`, with its info file and its captions in `language` (English where that is empty),
    or goes on with a download that was cut short. Raises BadInput with yt-dlp's own reason."""
    wanted = language or "en"
    options = {
        "outtmpl": _names_in(folder),
        "writeinfojson": True,
        "writesubtitles": True,
        "writeautomaticsub": True,
        "subtitleslangs": [wanted, f"{wanted}-.*"],
        "noplaylist": True,
        "playlist_items": "0",  # of an address that is a playlist after all
        "clean_infojson": True,
    }
    with _yt_dlp(options, origin) as tool:
        info: JsonObject = tool.sanitize_info(tool.extract_info(origin, download=True))
    files = info.get("requested_downloads") or []
    path = Path(files[0]["filepath"]) if files else None
    if path is None or not path.is_file():
        raise BadInput("yt-dlp downloaded nothing from {}; see what it says: yt-dlp {}", origin, origin)
    return Download(path, str(info["url"]) if info.get("direct") and info.get("url") else "")


def _names_in(folder: Path) -> dict[str, str]:
    """yt-dlp's template of the names of all files; a percent sign in the folder's own name is none of it."""
    return {"default": f"{str(folder).replace('%', '%%')}/{NAME}.%(ext)s"}


def has_chat(info: JsonObject) -> bool:
    """Whether the recording that an info file tells of was live on YouTube, and viewers' messages are shown beside."""
    chats = (info.get("subtitles") or {}).get(_CHAT) or ()
    return any(chat.get("protocol") == _REPLAYED for chat in chats)


def download_chat(info: Path, path: Path) -> None:
    """The chat beside a recording that was live on YouTube, as the recording's info file says where it is.

    Raises BadInput with yt-dlp's own reason.
    """
    options = {
        "outtmpl": _names_in(path.parent),
        "skip_download": True,
        "writesubtitles": True,
        "subtitleslangs": [_CHAT],
    }
    with _yt_dlp(options, f"the chat that {info} tells of") as tool:
        tool.download_with_info_file(str(info))
    if not path.is_file():
        raise BadInput("yt-dlp downloaded no chat by {}; run it again", info)


def _entries(shown: JsonObject, playlist: JsonObject) -> Iterator[tuple[JsonObject, JsonObject]]:
    """Each video, and the playlist that it stands in: a channel is a playlist of playlists."""
    if shown.get("_type") not in ("playlist", "multi_video"):
        if shown:
            yield shown, playlist
        return
    for entry in shown.get("entries") or ():
        yield from _entries(entry or {}, shown)


@contextmanager
def _yt_dlp(options: dict[str, Any], address: str) -> Iterator[Any]:
    require_downloads()
    from yt_dlp import YoutubeDL
    from yt_dlp.utils import YoutubeDLError

    quiet = {"quiet": True, "noprogress": True, "logger": _Complaints(), "socket_timeout": _PATIENCE}
    try:
        with YoutubeDL({**quiet, **options}) as tool:
            yield tool
    except YoutubeDLError as error:
        reason = " ".join(str(error).removeprefix("ERROR: ").split())
        raise BadInput("{} can't be downloaded: {}; mend that, and run it again", address, reason) from error


def _known(entry: JsonObject, playlist: JsonObject, address: str) -> KnownVideo:
    """What a playlist says of one of its videos; the video itself says the same of itself."""

    def said(*names: str) -> str:
        return next((str(entry[name]) for name in names if entry.get(name)), "")

    channel = said("channel_id", "channel", "uploader_id", "uploader", "playlist_channel_id")
    duration = entry.get("duration")
    return KnownVideo(
        external_id=said("id") or id_in(said("webpage_url", "url") or address),
        origin=said("webpage_url", "url") or address,
        title=said("title"),
        channel=channel or (str(playlist.get("title") or "") if playlist is not entry else ""),
        description=said("description"),
        language=said("language"),
        uploaded=said("upload_date"),
        duration=float(duration) if isinstance(duration, int | float) and duration > 0 else None,
    )
