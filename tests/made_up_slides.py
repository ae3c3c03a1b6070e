"""Talks whose chapters are seen alone: slides of one colour each, and between them colour bars, with which a chapter
begins. Words by chance are said, which tell nothing of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from random import Random
from string import ascii_lowercase

COLOURS = ("red", "lime", "blue", "white")
LINES = 18
"""Of a talk, a second each."""


@dataclass(frozen=True)
class SlideTalk:
    name: str
    changes: tuple[int, ...]
    """The lines at whose beginning the bars come, to stay for a line's time."""

    @classmethod
    def drawn(cls, name: str) -> SlideTalk:
        random = Random(name)
        lengths = [random.randrange(3, 7) for _ in range(LINES)]
        changes = [sum(lengths[: place + 1]) for place in range(LINES)]
        return cls(name, tuple(change for change in changes if change <= LINES - 2))

    @property
    def channel(self) -> str:
        return f"channel {Random(self.name).randrange(8)}"

    def review(self) -> dict[str, object]:
        right = [{"start": start, "title": "Next" if start else "Opening"} for start in (0, *self.changes)]
        return {"video_id": self.name, "reviewer": "ann", "reviewed": right, "kind": "edit", "blind": True}

    def record(self, folder: Path) -> Path:
        """The recording, with captions beside it; the slide changes in the very second in which a line begins."""
        folder.mkdir(parents=True, exist_ok=True)
        shown = [f"-f lavfi -i {source}:size=160x120:rate=5:duration={length:.1f}" for source, length in self._shown()]
        inputs = chain.from_iterable(each.split() for each in shown)
        path = folder / f"{self.name}.mp4"
        join = ["-filter_complex", f"concat=n={len(shown)}[v]", "-map", "[v]"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *inputs, *join, str(path)], check=True)
        path.with_suffix(".vtt").write_text(self._captions())
        path.with_suffix(".info.json").write_text(json.dumps({"id": self.name, "channel_id": self.channel}))
        return path

    def _shown(self) -> Iterator[tuple[str, float]]:
        """What is on the screen, and for how many seconds."""
        random = Random(f"{self.name} shows")
        for begin, end in pairwise((0, *self.changes, LINES)):
            bars = 1.0 if begin else 0.0
            if begin:
                yield "smptebars=sar=1", bars
            yield f"color=c={random.choice(COLOURS)}", end - begin - bars

    def _captions(self) -> str:
        random = Random(f"{self.name} says")
        cues = [
            f"00:00:{line:02d}.000 --> 00:00:{line:02d}.900\n{''.join(random.choices(ascii_lowercase, k=4))}\n"
            for line in range(LINES)
        ]
        return "WEBVTT\n\n" + "\n".join(cues)


def slide_talks(day: str, count: int) -> list[SlideTalk]:
    return [SlideTalk.drawn(f"{day}-{number}") for number in range(count)]
