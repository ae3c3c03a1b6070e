"""Streams with chats, made up: what viewers write names what is on the screen, what is heard and what was said, and
nothing else tells of the first two."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

from errata.domain.chapter import Chapter, Chapters
from errata.domain.clock import clock
from errata.domain.transcript import Segment, Transcript
from errata.features.media_tools import ffmpeg, local_file

SCENE = 10
"""Seconds of one colour and one tone; something is said at its beginning, and written towards its end."""
COLOURS = ("red", "lime", "blue", "white")
TONES = {"hum": 200, "beep": 1000, "whistle": 4000}
"""Hertz."""
ANIMALS = ("heron", "newt", "otter", "stoat", "wren", "adder", "badger", "marten")


@dataclass(frozen=True, slots=True)
class Scene:
    colour: str
    tone: str
    animal: str
    said: str
    written: int
    """Seconds from its beginning."""

    @property
    def message(self) -> str:
        return f"{self.colour} {self.tone} {self.animal}"


@dataclass(frozen=True, slots=True)
class ChattedStream:
    name: str
    scenes: tuple[Scene, ...]

    @classmethod
    def drawn(cls, name: str, scenes: int = 9) -> ChattedStream:
        random = Random(name)
        return cls(name, tuple(_scene(random) for _ in range(scenes)))

    @property
    def channel(self) -> str:
        return f"channel {Random(self.name).randrange(8)}"

    @property
    def messages(self) -> Chapters:
        return tuple(Chapter(float(SCENE * n + scene.written), scene.message) for n, scene in enumerate(self.scenes))

    @property
    def transcript(self) -> Transcript:
        said = tuple(Segment(SCENE * n + 0.5, SCENE * n + 3.0, scene.said) for n, scene in enumerate(self.scenes))
        return Transcript(self.name, said, float(SCENE * len(self.scenes)), title="By the pond", channel=self.channel)

    def record(self, folder: Path) -> Path:
        """The recording, with captions and what is known of it beside it, as `errata acquire` reads them."""
        folder.mkdir(parents=True, exist_ok=True)
        sources = chain.from_iterable(
            (f"color=c={scene.colour}:size=160x120:rate=5", f"sine=frequency={TONES[scene.tone]}:sample_rate=16000")
            for scene in self.scenes
        )
        inputs = [word for source in sources for word in ("-f", "lavfi", "-i", f"{source}:duration={SCENE}")]
        path = folder / f"{self.name}.mp4"
        joined = ["-filter_complex", f"concat=n={len(self.scenes)}:a=1[v][a]", "-map", "[v]", "-map", "[a]"]
        coding = ["-preset", "ultrafast", "-ac", "1"]
        ffmpeg([*inputs, *joined, *coding, local_file(path)], path)
        captions = (
            f"{clock(segment.start)}.500 --> {clock(segment.end)}.000\n{segment.text}\n"
            for segment in self.transcript.segments
        )
        path.with_suffix(".vtt").write_text("WEBVTT\n\n" + "\n".join(captions))
        path.with_suffix(".info.json").write_text(json.dumps({"id": self.name, "channel_id": self.channel}))
        return path

    def log(self, folder: Path) -> Path:
        """Its chat, as tcd writes it."""
        path = folder / f"{self.name}.irc"
        path.write_text("".join(f"[{clock(m.start)}] <fen> {m.title}\n" for m in self.messages))
        return path


def _scene(random: Random) -> Scene:
    animal = random.choice(ANIMALS)
    words = " ".join("".join(random.choices("aeioulnrst", k=4)) for _ in range(6))  # no two streams are twins
    return Scene(
        colour=random.choice(COLOURS),
        tone=random.choice(list(TONES)),
        animal=animal,
        said=f"{words} and there comes a {animal}",
        written=random.randrange(6, 10),
    )
