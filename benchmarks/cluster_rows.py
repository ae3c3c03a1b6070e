"""What a training's rows cost a worker of a cluster: all of them in each, as it is, or what Ray Data streams.

    python -m benchmarks.cluster_rows [--rows 4000] [--tokens 2048] [--workers 2]

Prints by how much a process grows at the most while it goes over its share of the rows, and whether Ray Data gives each
worker the very rows, in their order, that it has to learn from for the result to be one machine's. It takes the extra
`ray`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from errata.documents.file_names import TRAINING_ROWS
from errata.ray_cluster import ray_cluster

MEGABYTE = 1_000_000
GROUP = 64
"""Rows that a file holds together."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A worker's way over its rows."""

    numbers: list[int]
    """Which rows came, by the first token of each."""
    growth: int
    """Bytes, at the most; pages of Ray's object store that the process sees among them."""


@contextmanager
def growth() -> Iterator[list[int]]:
    """By how many bytes this process has grown at the most, once the block has ended."""
    process, done, most = psutil.Process(), Event(), [0]
    before = process.memory_info().rss

    def look() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], process.memory_info().rss - before)

    looking = Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        done.set()
        looking.join()


def write_rows(folder: Path, rows: int, tokens: int) -> None:
    """Laid out as a training's are; a row begins with its number."""
    draw = np.random.default_rng(7)
    ids = draw.integers(0, 250_000, size=(rows, tokens), dtype=np.int32)
    ids[:, 0] = np.arange(rows)
    offsets = pa.array(np.arange(0, rows * tokens + 1, tokens, dtype=np.int32))
    lists = pa.ListArray.from_arrays(offsets, pa.array(ids.reshape(-1)))
    pq.write_table(pa.table({"input_ids": lists, "labels": lists}), folder / TRAINING_ROWS, row_group_size=GROUP)


def whole(path: str, worker: int, workers: int) -> Pass:
    from retrain.taught_rows import TaughtRows

    with growth() as most:
        taught = TaughtRows(Path(path))
        numbers = [taught[at].encoded.input_ids[0] for at in range(worker, len(taught), workers)]
    return Pass(numbers, most[0])


def streamed(shard: Any) -> Pass:
    with growth() as most:
        numbers = [row["input_ids"][0] for row in shard.iter_rows()]
    return Pass([int(number) for number in numbers], most[0])


def whole_rows(path: Path, workers: int) -> list[Pass]:
    import ray

    task = ray.remote(max_calls=1)(whole)
    passes: list[Pass] = ray.get([task.remote(str(path), worker, workers) for worker in range(workers)])
    return passes


def split_rows(path: Path, workers: int) -> list[Pass]:
    """As Ray Train splits a data set among its workers, in order. They claim no processor here: where workers have them
    all, Ray Data waits for one to read with, for ever."""
    import ray
    import ray.data

    data = ray.data.read_parquet(str(path))
    data.context.execution_options.preserve_order = True
    data.context.enable_progress_bars = False
    task = ray.remote(max_calls=1, num_cpus=0)(streamed)
    passes: list[Pass] = ray.get([task.remote(shard) for shard in data.streaming_split(workers, equal=True)])
    return passes


def print_passes(name: str, passes: list[Pass], rows: int) -> None:
    """With how many of the rows a worker was given at the place at which one machine would have given them to it."""
    workers = len(passes)
    right = sum(
        number == worker + at * workers for worker, each in enumerate(passes) for at, number in enumerate(each.numbers)
    )
    came = len({number for each in passes for number in each.numbers})
    grown = " ".join(f"{each.growth / MEGABYTE:.0f}" for each in passes)
    print(f"{name:10} {grown:>12} MB a worker   {came} of {rows} rows came, {right} in their place")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with TemporaryDirectory() as place, ray_cluster():
        write_rows(Path(place), given.rows, given.tokens)
        path = Path(place) / TRAINING_ROWS
        print(f"{given.rows} rows of {given.tokens} tokens: {path.stat().st_size / MEGABYTE:.0f} MB on disk")
        print_passes("whole", whole_rows(path, given.workers), given.rows)
        print_passes("Ray Data", split_rows(path, given.workers), given.rows)


if __name__ == "__main__":
    main()
