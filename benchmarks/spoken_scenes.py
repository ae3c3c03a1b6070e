"""Recordings, made up: scenes of one colour each, in which espeak-ng says where somebody is. The colour is never said,
and the place is never shown."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from errata.domain.chapter import Chapter, Chapters
from errata.domain.clock import clock
from errata.features.media_tools import ffmpeg, local_file

SCENE = 10
"""Seconds of one colour; something is said at its beginning, and where it is in its second half."""
COLOURS = {"red": "red", "green": "lime", "blue": "blue", "white": "white"}
"""By ffmpeg's names."""
PLACES = ("river", "garden", "market", "kitchen")
WORDS = """apple paper window silver orange mountain winter summer doctor teacher music picture island yellow basket
candle dinner engine father finger forest hammer lemon letter machine morning mother number ocean palace pepper pocket
rabbit ribbon shadow sister spider ticket tunnel village"""


@dataclass(frozen=True, slots=True)
class Scene:
    colour: str
    place: str
    words: str
    """Said first, so that no two recordings are twins."""

    @property
    def description(self) -> str:
        return f"a {self.colour} sky in the {self.place}"


@dataclass(frozen=True, slots=True)
class SceneRecording:
    name: str
    channel: str
    title: str
    scenes: tuple[Scene, ...]

    @classmethod
    def drawn(cls, name: str, channel: str, title: str, scenes: int) -> SceneRecording:
        return cls(name, channel, title, tuple(_scenes(Random(name), scenes)))

    @property
    def described(self) -> Chapters:
        return tuple(Chapter(float(SCENE * n), scene.description) for n, scene in enumerate(self.scenes))

    def record(self, folder: Path, captions: bool = False) -> Path:
        """The recording, with what is known of it beside it; with `captions`, what is said is written there too."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.mp4"
        with TemporaryDirectory() as place:
            spoken = [_speak(Path(place), n, text) for n, text in enumerate(self._said())]
            inputs = [word for scene in self.scenes for word in _picture(scene)]
            inputs += [word for part in spoken for word in ("-i", local_file(part))]
            joined = ["-filter_complex", _filters(len(self.scenes)), "-map", "[v]", "-map", "[a]"]
            keys = ["-g", str(5 * SCENE), "-preset", "ultrafast", "-ac", "1"]
            ffmpeg([*inputs, *joined, *keys, local_file(path)], path)
        known = {"id": self.name, "title": self.title, "channel_id": self.channel}
        path.with_suffix(".info.json").write_text(json.dumps(known))
        if captions:
            cues = (f"{_stamp(n)} --> {_stamp(n + 0.5)}\n{text}\n" for n, text in enumerate(self._said()))
            path.with_suffix(".vtt").write_text("\n".join(["WEBVTT\n", *cues]))
        return path

    def _said(self) -> Iterator[str]:
        """Twice a scene."""
        for scene in self.scenes:
            yield scene.words
            yield f"We are now in the {scene.place}."


def _stamp(halves: float) -> str:
    """Of so many halves of a scene."""
    return f"{clock(halves * SCENE / 2)}.000" if halves == int(halves) else f"{clock(halves * SCENE / 2)}.500"


def _scenes(random: Random, count: int) -> Iterator[Scene]:
    for _ in range(count):
        words = " ".join(random.sample(WORDS.split(), 3))
        yield Scene(random.choice(list(COLOURS)), random.choice(PLACES), f"{words.capitalize()}.")


def _picture(scene: Scene) -> list[str]:
    return ["-f", "lavfi", "-i", f"color=c={COLOURS[scene.colour]}:size=160x120:rate=5:duration={SCENE}"]


def _speak(folder: Path, number: int, text: str) -> Path:
    part = folder / f"{number}.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "130", "-w", str(part), text], check=True)  # noqa: S607 - the PATH's
    return part


def _filters(scenes: int) -> str:
    """Each of a scene's two utterances has half of it."""
    half = f"aresample=16000,apad=whole_dur={SCENE / 2},atrim=duration={SCENE / 2}"
    utterances = "".join(f"[{scenes + n}:a]{half}[u{n}];" for n in range(2 * scenes))
    pairs = "".join(f"[{n}:v][s{n}]" for n in range(scenes))
    sounds = "".join(f"[u{2 * n}][u{2 * n + 1}]concat=n=2:v=0:a=1[s{n}];" for n in range(scenes))
    return f"{utterances}{sounds}{pairs}concat=n={scenes}:v=1:a=1[v][a]"
