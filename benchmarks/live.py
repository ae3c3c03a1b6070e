"""Chapters told while a stream runs: how late, how lasting, and what a look costs after hours.

    python -m benchmarks.live PATH [--model FOLDER] [--every 10 30] [--hours 10] [--most 20]

PATH has talks with times, in any format that import reads. Each is played without waiting. Prints for each number of
seconds between looks how many chapters were told while the talk ran, how long after their beginning, how many were
taken back or renamed, and the CPU time for a minute of speech. Then the talks follow one another as one stream of so
many hours: the CPU time of its looks and the memory, by hour.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import psutil

from benchmarks.talk_files import read_talks
from errata.domain.live_chapters import LiveDelays
from errata.domain.transcript import Segment, Transcript
from errata.inference.model import FolderModel
from errata.inference.stream_model import StreamModel
from errata.operations.chaptering import open_predictor
from errata.operations.live import LiveStream, follow
from errata.operations.live_sources import played
from errata.tasks.template import Reading

HOUR = 3600.0


def play(talk: Transcript, model: StreamModel, every: float) -> LiveDelays:
    stream = LiveStream(talk.external_id, talk.title, talk.channel, talk.description)
    for _ in follow(stream, played(talk, speed=0.0), model, every):
        pass
    return stream.delays


def delays_line(talks: Sequence[Transcript], model: StreamModel, every: float) -> str:
    began = time.process_time()
    found = [play(talk, model, every) for talk in talks]
    seconds = time.process_time() - began
    delays = sorted(delay for each in found for delay in each.delays)
    chapters = sum(each.chapters for each in found)
    middle, late = (delays[min(len(delays) - 1, int(share * len(delays)))] for share in (0.5, 0.9))
    revised = f"{sum(each.withdrawn for each in found)} | {sum(each.renamed for each in found)}"
    minutes = sum(talk.duration for talk in talks) / 60
    told = f"{sum(each.in_time for each in found)} of {chapters}"
    return f"| {every:g} s | {told} | {middle:.0f} s | {late:.0f} s | {revised} | {seconds / minutes:.2f} s |"


def one_stream(talks: Sequence[Transcript], hours: float) -> Iterator[list[Segment]]:
    """The talks one after another, again and again."""
    begin = 0.0
    while True:
        for talk in talks:
            for segment in talk.segments:
                if begin + segment.end >= hours * HOUR:
                    return
                yield [replace(segment, start=begin + segment.start, end=begin + segment.end)]
            begin += talk.duration


class TimedModel(StreamModel):
    """Keeps what each look took, and the process's memory after it, by the hour of the stream."""

    def __init__(self, model: FolderModel) -> None:
        super().__init__(model)
        self.seconds: dict[int, list[float]] = {}
        self.memory: dict[int, int] = {}

    def answer_so_far(self, transcript: Transcript) -> Reading:
        began = time.process_time()
        reading = super().answer_so_far(transcript)
        hour = int(transcript.duration // HOUR) + 1
        self.seconds.setdefault(hour, []).append(time.process_time() - began)
        self.memory[hour] = psutil.Process().memory_info().rss
        return reading


def hours_table(talks: Sequence[Transcript], model: TimedModel, every: float, hours: float) -> list[str]:
    for _ in follow(LiveStream("stream"), one_stream(talks, hours), model, every):
        pass
    return [
        f"| {hour} | {1000 * fmean(seconds):.0f} ms | {model.memory[hour] / 2**20:,.0f} MiB |"
        for hour, seconds in sorted(model.seconds.items())
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live")
    parser.add_argument("talks", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--every", type=float, nargs="+", default=[10.0, 30.0])
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--most", type=int, default=20, help="talks")
    asked = parser.parse_args()
    found = [row.transcript for row in read_talks(asked.talks) if row.transcript.unit == "seconds"]
    talks = found[:: max(1, len(found) // asked.most)][: asked.most]
    with open_predictor(asked.model) as model:
        print(f"{len(talks)} talks of {sum(talk.duration for talk in talks) / HOUR:.1f} h")
        print("| a look each | told in time | half within | 90 % within | taken back | renamed | CPU a minute |")
        print("|---|---|---|---|---|---|---|")
        for every in asked.every:
            print(delays_line(talks, StreamModel(model), every), flush=True)
        print("\n| hour | a look | memory |\n|---|---|---|")
        print("\n".join(hours_table(talks, TimedModel(model), max(asked.every), asked.hours)))


if __name__ == "__main__":
    main()
