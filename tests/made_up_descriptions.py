"""Recordings of our own words with a description of each minute: what happens follows from what is said in it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from errata.domain.chapter import Chapter, Chapters
from errata.domain.transcript import Segment, Transcript

SPOTS = ("pond", "wood", "lawn", "barn")
MINUTE = 60.0


def walk(name: str, minutes: int = 6, channel: str = "") -> tuple[Transcript, Chapters]:
    """Each minute one says where they are, after the other has said something else."""
    random = Random(name)
    segments: list[Segment] = []
    described: list[Chapter] = []
    for minute in range(minutes):
        spot, begin = random.choice(SPOTS), MINUTE * minute
        segments.append(Segment(begin + 1, begin + 8, _words(random), "ANN"))
        segments.append(Segment(begin + 20, begin + 28, f"we are by the {spot}", "BEN"))
        described.append(Chapter(begin + 1, f"by the {spot}"))
    return Transcript(name, tuple(segments), MINUTE * minutes, channel=channel), tuple(described)


def _words(random: Random) -> str:
    """That no other recording has, so that no two are twins."""
    return " ".join("".join(random.choices("aeioulnrst", k=4)) for _ in range(2))


def described_file(path: Path, walks: list[tuple[Transcript, Chapters]]) -> Path:
    """JSONL in which each recording has its descriptions as chapters."""
    rows = [
        {
            "video_id": talk.external_id,
            "metadata": {
                "title": talk.title,
                "channel_id": talk.channel,
                "duration": talk.duration,
                "chapters": {f"{chapter.start:g}": chapter.title for chapter in described},
            },
            "asr": [{"start": s.start, "end": s.end, "text": s.text, "speaker": s.speaker} for s in talk.segments],
        }
        for talk, described in walks
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
