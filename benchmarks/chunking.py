"""What cutting takes beside ffmpeg's own segment muxer, and what checking and storing the chunks takes besides.

    python -m benchmarks.chunking [--minutes 60] [--seconds 600]

Makes a recording once, cuts it by plain ffmpeg and by `errata chunk`'s own steps, in turn, and prints the median times.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from errata.files import file_sha256
from errata.streams.chunk_store import ChunkStore
from errata.streams.cutting import Cut, check_cuts, segment
from errata.streams.media_probe import probe

ROUNDS = 5


def make(path: Path, minutes: int) -> None:
    """A minute of noise, which doesn't compress, so often: 25 frames a second with a key frame every 2 s, and sound."""
    minute = path.with_name("minute.mp4")
    picture = "testsrc2=size=640x360:rate=25:duration=60,noise=alls=60:allf=t"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4M", "-g", "50", "-c:a", "aac"]
    sound = ["-f", "lavfi", "-i", "sine=duration=60"]
    _ffmpeg("-f", "lavfi", "-i", picture, *sound, *coding, str(minute))
    _ffmpeg("-stream_loop", str(minutes - 1), "-i", str(minute), "-c", "copy", str(path))


def plain(path: Path, seconds: float, folder: Path) -> None:
    folder.mkdir()
    cuts = ["-f", "segment", "-segment_time", f"{seconds:g}", "-reset_timestamps", "1"]
    _ffmpeg("-i", str(path), "-map", "0", "-c", "copy", *cuts, str(folder / "%05d.mp4"))


def _ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *words], check=True)  # noqa: S607 - the PATH's, as users have it


def store_all(store: ChunkStore, pieces: Sequence[Cut]) -> None:
    for piece in pieces:
        store.put(piece.path, file_sha256(piece.path))


def seconds_of(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=600)
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = Path(place)
        path = folder / "long.mp4"
        make(path, given.minutes)
        facts = probe(path)
        store = ChunkStore(str(folder / "store"))
        times: dict[str, list[float]] = {"plain": [], "cut": [], "check": [], "store": []}
        for _ in range(ROUNDS):
            times["plain"].append(seconds_of(lambda: plain(path, given.seconds, folder / "plain")))
            times["cut"].append(seconds_of(lambda: segment(facts, given.seconds, folder / "cut")))
            pieces = segment(facts, given.seconds, folder / "again")
            times["check"].append(seconds_of(partial(check_cuts, pieces, facts, given.seconds)))
            times["store"].append(seconds_of(partial(store_all, store, pieces)))
            for name in ("plain", "cut", "again", "store"):
                shutil.rmtree(folder / name)
        size = facts.size / 1e6
        print(f"{given.minutes} min, {size:,.0f} MB, in chunks of {given.seconds:g} s; medians of {ROUNDS}")
        usual = median(times["plain"])
        print(f"plain ffmpeg      {usual:.2f} s")
        print(f"our cut           {median(times['cut']):.2f} s ({100 * (median(times['cut']) / usual - 1):+.0f} %)")
        print(f"then checking     {median(times['check']):.2f} s, every packet counted")
        print(f"and storing       {median(times['store']):.2f} s, staged, read back and moved")


if __name__ == "__main__":
    main()
