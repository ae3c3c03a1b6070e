"""What a night's curation costs, from the snapshot's shards to token ids, and whether that grows with what is stored.

    python -m benchmarks.curation            nights of 1,000 new rows at 1,000, 10,000 and 100,000 stored
    python -m benchmarks.curation --small    a tenth of it
    python -m benchmarks.curation --words 8000

Each night curates, augments and mixes in a process of its own, in which CPU seconds are counted once the libraries are
imported. The champion is errata-tiny, which is taken to have trained on all that is stored. Words are drawn at random.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from benchmarks.process_cost import peak
from errata.documents.document import write_document
from errata.documents.file_names import MANIFEST, PARAMS, SNAPSHOT
from errata.documents.night import Night
from errata.documents.snapshot import Shard, SnapshotManifest
from errata.domain.chapter import Chapter
from errata.domain.hashing import canonical_json
from errata.domain.transcript import Segment, Transcript
from errata.files import file_sha256, json_text
from errata.inference.artefact import TRAINING_TRANSCRIPTS, seal
from errata.project_files import embedded_model, project_file
from errata.settings import FILE
from retrain.training_rows import TrainingRow, chapters_json, write_rows

GROWTH = 1.5
"""Most times the CPU of a night on the smallest record that the same night may take on a larger one."""
RATE = 300
"""Transcripts a second, at least, that are curated and augmented."""
WORDS, LINE = 300, 10
"""Of a transcript, as the sample's have, and of a line."""
VOCABULARY = [f"w{number:x}" for number in range(20_000)]


@dataclass(frozen=True, slots=True)
class NightCost:
    stored: int
    curating: float
    """CPU seconds of `curate` and `augment`,"""
    mixing: float
    """and of `mix`, which reads, renders and tokenises the rows that are drawn."""
    peak: float
    """MiB."""

    @property
    def total(self) -> float:
        return self.curating + self.mixing


def talks(words: int) -> Iterator[TrainingRow]:
    """Labelled rows without end."""
    random, number = Random("curation"), 0
    while True:
        number += 1
        said = random.choices(VOCABULARY, k=words)
        lines = [" ".join(said[at : at + LINE]) for at in range(0, words, LINE)]
        segments = tuple(Segment(5.0 * place, 5.0 * place + 4, line) for place, line in enumerate(lines))
        transcript = Transcript(f"talk {number}", segments, 5.0 * len(lines), channel=f"channel {number % 40}")
        right = [Chapter(5.0 * place, " ".join(random.choices(VOCABULARY, k=4))) for place in range(0, len(lines), 6)]
        yield TrainingRow(
            transcript=number,
            transcript_hash=transcript.hash,
            external_id=transcript.external_id,
            channel=transcript.channel,
            correction=number,
            kind="edit",
            reviewer=f"reviewer {number % 7}",
            role="train",
            group=number,
            group_hashes=[transcript.hash],
            chapters=chapters_json(tuple(right)),
            text=canonical_json(transcript.as_json()),
        )


class GrowingRecord:
    """A workspace whose snapshot grows shard by shard, as nights append them."""

    def __init__(self, root: Path, words: int, shard: int) -> None:
        self._root, self._coming, self._shard = root, talks(words), shard
        self._shards: list[Shard] = []
        self._hashes: list[str] = []
        (root / FILE).touch()
        shutil.copyfile(project_file(PARAMS), root / PARAMS)

    @property
    def stored(self) -> int:
        return len(self._hashes)

    def grow(self) -> None:
        folder = self._root / SNAPSHOT
        rows = list(islice(self._coming, self._shard))
        write_rows(folder / "new", rows)
        name = file_sha256(folder / "new")
        (folder / "new").replace(folder / f"{name}.parquet")
        self._shards.append(Shard(name, len(rows), self.stored, self.stored + len(rows)))
        self._hashes += [row.transcript_hash for row in rows]
        write_document(folder / MANIFEST, SnapshotManifest(self.stored, tuple(self._shards)))

    def begin_night(self, since: int) -> None:
        """With a champion that has trained on the first `since` rows."""
        model = self._root / "models" / "champion"
        shutil.rmtree(model.parent, ignore_errors=True)
        shutil.copytree(embedded_model(), model)
        (model / TRAINING_TRANSCRIPTS).write_text(json_text(sorted(self._hashes[:since])))
        identity = seal(model)
        model.rename(model.with_name(identity[:16]))
        night = Night("one", self.stored, self.stored, identity, identity, since, "", 0, "code")
        night.write(self._root)

    def run(self) -> NightCost:
        """A night's stages on what there is, in a process of their own."""
        command = [sys.executable, "-m", "benchmarks.curation", "--night"]
        printed = subprocess.run(command, cwd=self._root, check=True, stdout=subprocess.PIPE, text=True).stdout
        curating, mixing, peak = map(float, printed.split())
        return NightCost(self.stored, curating, mixing, peak)


def run_night() -> None:
    """In the current folder; prints CPU seconds and the peak of memory."""
    from retrain import augment, curate, mix

    start = time.process_time()
    curate.main()
    augment.main()
    curated = time.process_time()
    mix.main()
    mixed = time.process_time()
    sys.stdout.write(f"{curated - start} {mixed - curated} {peak()}\n")


def measure(root: Path, sizes: list[int], new: int, words: int) -> list[NightCost]:
    record, costs = GrowingRecord(root, words, new), list[NightCost]()
    for size in sizes:
        while record.stored < size:
            record.grow()
        record.begin_night(record.stored)
        record.run()  # earlier nights have looked at what is stored
        record.grow()
        record.begin_night(record.stored - new)
        cost = record.run()
        costs.append(NightCost(size, cost.curating, cost.mixing, cost.peak))
        Console(stderr=True).print(f"{size:,} stored: {cost.total:.2f} s of CPU, {cost.peak:.0f} MiB")
    return costs


def show(costs: list[NightCost], new: int, words: int) -> bool:
    """Whether all is as promised."""
    title = f"Nights of {new:,} new rows of {words:,} words, CPU seconds"
    table = Table("stored", "curate, augment", "mix", "all", "times", "peak MiB", "times", "rows/s", title=title)
    first = costs[0]
    for cost in costs:
        table.add_row(
            f"{cost.stored:,}",
            f"{cost.curating:.2f}",
            f"{cost.mixing:.2f}",
            f"{cost.total:.2f}",
            f"{cost.total / first.total:.2f}",
            f"{cost.peak:.0f}",
            f"{cost.peak / first.peak:.2f}",
            f"{new / cost.curating:.0f}",
        )
    Console().print(table)
    Console().print(f"promised: at most {GROWTH} times the CPU; at least {RATE} rows/s in curate and augment")
    return all(cost.total <= GROWTH * first.total for cost in costs) and new / first.curating >= RATE


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the sizes")
    parser.add_argument("--words", type=int, default=WORDS, help="of each transcript")
    parser.add_argument("--night", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.night:
        run_night()
        return
    scale = 10 if arguments.small else 1
    sizes, new = [size // scale for size in (1_000, 10_000, 100_000)], 1_000 // scale
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder), sizes, new, arguments.words)
    sys.exit(0 if show(costs, new, arguments.words) else 1)


if __name__ == "__main__":
    main()
