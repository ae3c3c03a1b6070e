"""Streams with chats of our own words: what viewers write answers what was said before it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from errata.domain.chapter import Chapter, Chapters
from errata.domain.transcript import Segment, Transcript

ANIMALS = ("heron", "newt", "otter", "stoat", "wren", "adder", "badger", "marten")
ROUND = 20.0
"""Seconds: something is said, and answered."""


def stream(name: str, rounds: int = 8, channel: str = "") -> tuple[Transcript, Chapters]:
    """A stream in which an animal is named every 20 seconds, and welcomed by a viewer four seconds after that."""
    random = Random(name)
    animals = [random.choice(ANIMALS) for _ in range(rounds)]
    segments = tuple(
        Segment(ROUND * place, ROUND * place + 6, f"{_words(random)} and there comes a {animal}")
        for place, animal in enumerate(animals)
    )
    messages = tuple(Chapter(ROUND * place + 10, f"hello {animal}") for place, animal in enumerate(animals))
    return Transcript(name, segments, ROUND * rounds, title="By the pond", channel=channel), messages


def _words(random: Random) -> str:
    """That no other stream has, so that no two are twins."""
    return " ".join("".join(random.choices("aeioulnrst", k=4)) for _ in range(6))


def irc(messages: Chapters, author: str = "fen") -> str:
    """As tcd writes it."""
    lines = []
    for message in messages:
        at = int(message.start)
        lines.append(f"[{at // 3600}:{at // 60 % 60:02d}:{at % 60:02d}] <{author}> {message.title}")
    return "\n".join(lines) + "\n"


def transcripts_file(path: Path, streams: list[Transcript]) -> Path:
    """JSONL, both halves in a line, as a rejects file has them."""
    rows = [
        {
            "video_id": one.external_id,
            "metadata": {"title": one.title, "channel_id": one.channel, "duration": one.duration},
            "asr": [{"start": s.start, "end": s.end, "text": s.text} for s in one.segments],
        }
        for one in streams
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def youtube_message(name: str, at: float, text: str, author: str = "UC1", badge: str = "") -> dict[str, Any]:
    """A row of yt-dlp's `.live_chat.json`."""
    icon = {"liveChatAuthorBadgeRenderer": {"icon": {"iconType": badge}, "tooltip": badge.title()}}
    renderer = {
        "id": name,
        "message": {"runs": [{"text": text}]},
        "authorName": {"simpleText": f"@{author}"},
        "authorExternalChannelId": author,
        "timestampText": {"simpleText": f"{int(at) // 60}:{int(at) % 60:02d}"},
        "timestampUsec": str(int((1_700_000_000 + at) * 1_000_000)),
        **({"authorBadges": [icon]} if badge else {}),
    }
    action = {"addChatItemAction": {"item": {"liveChatTextMessageRenderer": renderer}}}
    return {"replayChatItemAction": {"videoOffsetTimeMsec": str(int(at * 1000)), "actions": [action]}}


def youtube_action(at: float, **action: Any) -> dict[str, Any]:
    return {"replayChatItemAction": {"videoOffsetTimeMsec": str(int(at * 1000)), "actions": [action]}}
