"""How long a model takes to chapter whole talks with the transformers engine, and what it answers.

    python -m benchmarks.decoding MODEL PATH [--template indexed] [--context 2048] [--talks 2]

`MODEL` is a folder that transformers loads, `PATH` talks in any format that import reads, of which the shortest are
asked. Prints processor seconds a talk, loading apart, and the answers' chapters and letters. With an earlier version:

    git worktree add /tmp/before COMMIT
    PYTHONPATH=/tmp/before/platform:. python -m benchmarks.decoding MODEL PATH

`--plain` asks large models on a CPU as others are: the whole head, and transformers' own cache.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.talk_files import read_talks
from errata.domain.transcript import Transcript
from errata.inference.artefact import Card, adopt
from errata.inference.model import open_model
from errata.inference.torch import TorchEngine


def shortest(path: Path, count: int) -> list[Transcript]:
    talks = [row.transcript for row in read_talks(path)]
    return sorted(talks, key=lambda talk: sum(len(line.text) for line in talk.lines))[:count]


def answer_each(model: Any, talks: list[Transcript]) -> float:
    """Prints what each talk took, and returns the sum."""
    total = 0.0
    for talk in talks:
        begin = time.process_time()
        (reading,) = model.answer([talk])
        took = time.process_time() - begin
        total += took
        letters = sum(len(chapter.title) for chapter in reading.chapters)
        words = sum(len(line.text.split()) for line in talk.lines)
        print(
            f"{talk.duration / 60:.0f} min, {words:,} words: {took:.1f} s, {len(reading.chapters)} chapters of "
            f"{letters} letters, {len(reading.problems)} problems",
            flush=True,
        )
    return total


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decoding")
    parser.add_argument("model", type=Path)
    parser.add_argument("path", type=Path)
    parser.add_argument("--template", default="indexed")
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--talks", type=int, default=2)
    parser.add_argument("--plain", action="store_true")
    asked = parser.parse_args()
    talks = shortest(asked.path, asked.talks)
    with TemporaryDirectory() as place:
        folder = Path(place) / "model"
        adopt(asked.model, Card(asked.template, asked.context), folder)
        model = open_model(folder, Path(place))
        if asked.plain and isinstance(model.engine, TorchEngine):
            model.engine.by_rows = False
        print(f"{answer_each(model, talks):.1f} s of the processor for {len(talks)} talks")


if __name__ == "__main__":
    main()
