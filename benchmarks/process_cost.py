"""What a process costs: processor seconds of things that are compared, and its peak of memory."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping

import psutil


def medians(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Processor seconds of each way: the median of the rounds, in each of which all ways are taken once."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            begin = time.process_time()
            run()
            times[way].append(time.process_time() - begin)
    return {way: statistics.median(spent) for way, spent in times.items()}


def cpu_seconds(pid: int) -> float:
    """Seconds so far, of a process and of the children that it has."""
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


def peak() -> float:
    """The most memory that this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
