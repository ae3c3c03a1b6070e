"""What it costs to add transcripts to the record, and whether that grows with what is stored.

    python -m benchmarks.record            10,000 imported; 1,000 added to 1,000 and to 100,000
    python -m benchmarks.record --small    a tenth of it

The ratios are taken in one run on one record: its first and its last rows are timed in the same process and in CPU
seconds, so that they hold on another machine. Texts are generated: words by Zipf's law with a part that all talks of a
channel share, so that the index of twins has common phrases to cope with.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.process_cost import peak
from errata.database.record import Record
from errata.domain.transcript import Segment, Transcript

GROWTH = 1.5
"""Most times the cost of adding to the small record that adding the same number to the large one may take."""
MEMORY = 1.10
"""Most times the peak memory of the first transcripts that all of them may take."""
BATCH = 50
WORDS, LINE, CHANNELS = 1200, 12, 40
VOCABULARY = 20_000


@dataclass(frozen=True, slots=True)
class Sizes:
    imported: int
    added: int
    large: int
    """How many the record holds when the last ones are added."""


FULL = Sizes(imported=10_000, added=1_000, large=100_000)
SMALL = Sizes(imported=1_000, added=100, large=10_000)


def talks(seed: str) -> Iterator[Transcript]:
    random = Random(seed)
    vocabulary = [f"w{number:x}" for number in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
    openings = [random.choices(vocabulary, cum_weights=weights, k=60) for _ in range(CHANNELS)]
    number = 0
    while True:
        number += 1
        channel = random.randrange(CHANNELS)
        said = openings[channel] + random.choices(vocabulary, cum_weights=weights, k=WORDS - 60)
        lines = [" ".join(said[at : at + LINE]) for at in range(0, len(said), LINE)]
        segments = tuple(Segment(5.0 * place, 5.0 * place + 4, line) for place, line in enumerate(lines))
        yield Transcript(f"{seed} {number}", segments, 5.0 * len(lines), channel=f"channel {channel}")


def add(record: Record, coming: Iterator[Transcript], count: int) -> tuple[float, float]:
    """Adds so many in transactions of BATCH; returns seconds of CPU and of wall time, the making of texts left out."""
    cpu = wall = 0.0
    for _ in range(0, count, BATCH):
        batch = list(islice(coming, BATCH))
        before = time.process_time(), time.perf_counter()
        with record.write() as store:
            for transcript in batch:
                store.transcripts.add(transcript)
        cpu += time.process_time() - before[0]
        wall += time.perf_counter() - before[1]
    return cpu, wall


def measure(folder: Path, sizes: Sizes) -> tuple[Table, bool]:
    record = Record(f"sqlite:///{folder / 'errata.db'}", folder / "blobs")
    record.migrate()
    coming = talks("benchmark")
    add(record, coming, sizes.added)
    to_small, wall = add(record, coming, sizes.added)
    early = peak()
    _, more = add(record, coming, sizes.imported - 2 * sizes.added)
    imported = peak()
    rate = (sizes.imported - sizes.added) / (wall + more)
    console = Console(stderr=True)
    for stored in track(range(sizes.imported, sizes.large, sizes.added), "filling the record", console=console):
        cpu, _ = add(record, coming, sizes.added)
        if stored % (sizes.large // 10) == 0:  # what is known already: the whole takes most of an hour
            console.print(f"CPU to add {sizes.added:,} to {stored:,}: {cpu / to_small:.2f} times; {rate:.0f} rows/s")
    to_large, _ = add(record, coming, sizes.added)
    record.close()
    growth, memory = to_large / to_small, imported / early
    return _table(sizes, rate, memory, growth, folder), growth <= GROWTH and memory <= MEMORY


def _table(sizes: Sizes, rate: float, memory: float, growth: float, folder: Path) -> Table:
    table = Table("what", "found", "promised", title="The record (SQLite)")
    stored = sum(path.stat().st_size for path in folder.glob("errata.db*"))
    table.add_row(f"import of {sizes.imported:,} transcripts of {WORDS:,} words", f"{rate:.0f} rows/s", "")
    table.add_row(f"peak memory after {sizes.imported:,} against {2 * sizes.added:,}", f"{memory:.2f}", f"≤ {MEMORY}")
    table.add_row(
        f"CPU to add {sizes.added:,} to {sizes.large:,} against to {sizes.added:,}", f"{growth:.2f}", f"≤ {GROWTH}"
    )
    table.add_row("database, without the texts", f"{stored / (sizes.large + sizes.added):,.0f} bytes a transcript", "")
    return table


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the sizes")
    sizes = SMALL if parser.parse_args().small else FULL
    with tempfile.TemporaryDirectory() as folder:
        table, kept = measure(Path(folder), sizes)
    Console().print(table)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
