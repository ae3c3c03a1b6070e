"""What Twitch answers of a recording, to yt-dlp for its picture and to twitch-dl for its chat; words of our own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.made_up_internet import Answer, as_json

HOSTS = ["gql.twitch.tv", "usher.ttvnw.net", "vod.example"]
PAGE = 2
"""Messages in an answer."""
_OWNER = {"id": "7", "login": "mira", "displayName": "Mira"}


def comment(name: str, at: int, author: str, text: str, badge: str = "") -> dict[str, Any]:
    return {
        "id": name,
        "commenter": {"id": "9", "login": author.lower(), "displayName": author},
        "contentOffsetSeconds": at,
        "createdAt": f"2026-03-01T20:00:{at:02d}Z",
        "message": {
            "fragments": [{"emote": None, "text": text}],
            "userBadges": [{"id": "b", "setID": badge, "version": "1"}] if badge else [],
            "userColor": "#FF0000",
        },
    }


@dataclass
class MadeUpTwitch:
    number: str
    comments: list[dict[str, Any]]
    streamed: Path | None = None
    """A folder with the recording as HLS: talk.m3u8 and its pieces."""
    failing: int = 0
    """How many of the answers about messages are errors, before one is given."""
    pages: list[str] = field(default_factory=list)
    """The cursors that messages were asked by."""

    def __call__(self, host: str, path: str, sent: bytes) -> Answer:
        if host == "gql.twitch.tv":
            asked = json.loads(sent)
            if isinstance(asked, list):  # of yt-dlp
                return as_json(
                    [{"data": {"video": self._recording()}}, *([{"data": {"video": {}}}] * (len(asked) - 1))]
                )
            return as_json(self._said(asked))
        if host == "usher.ttvnw.net":
            return b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nhttps://vod.example/talk.m3u8\n"
        file = self.streamed / path.lstrip("/") if self.streamed else None
        return file.read_bytes() if file is not None and file.is_file() else None

    def _recording(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "title": "By the bridge",
            "description": "",
            "createdAt": "2026-03-01T20:00:00Z",
            "publishedAt": "2026-03-01T20:00:00Z",
            "lengthSeconds": 24,
            "game": {"id": "26936", "name": "Art", "displayName": "Art"},
            "owner": _OWNER,
        }

    def _said(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "videoPlaybackAccessToken" in asked.get("query", ""):
            return {"data": {"videoPlaybackAccessToken": {"value": "{}", "signature": "s"}}}
        if asked.get("operationName") == "VideoComments":
            return {"data": {"video": {"id": self.number}, "badges": []}}
        if asked.get("operationName") == "VideoCommentsByOffsetOrCursor":
            return self._page(asked["variables"].get("cursor", "0"))
        return {"data": {"video": self._recording() if f'"{self.number}"' in asked["query"] else None}}

    def _page(self, cursor: str) -> dict[str, Any]:
        self.pages.append(cursor)
        if self.failing:
            self.failing -= 1
            return {"errors": [{"message": "service timeout"}]}
        begin = int(cursor)
        shown = self.comments[begin : begin + PAGE]
        edges = [{"cursor": str(begin + at + 1), "node": node} for at, node in enumerate(shown)]
        more = begin + PAGE < len(self.comments)
        return {"data": {"video": {"comments": {"edges": edges, "pageInfo": {"hasNextPage": more}}}}}
