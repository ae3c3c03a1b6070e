"""What it takes to see and hear: vectors a second, tokens a second beside a model of words alone, and ten hours.

    python -m benchmarks.watching [--model FOLDER] [--by log-mel cepstra efficientnet-lite0] [--minutes 5] [--hours 10]

A recording is made once, and each extractor makes a vector of each second of it. Then Day-0, errata-tiny or MODEL,
reads and learns from prompts of equal length: words alone, and words of which each second place is a vector's, whose
projection is counted. At last it watches a stream of so many hours by the extractor named first, a vector a second:
the processor time of each hour and the memory after it. What it would say is left out: how long that takes is decided
by how much there is to say.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import torch

from benchmarks.process_cost import medians
from errata.errors import error_exit
from errata.features.extractor import Extractor, extract
from errata.features.extractors import find_extractor
from errata.inference.artefact import Card, Sense, model_folder
from errata.inference.connector import Connectors, attach, load_connectors, read_among_words
from errata.inference.library_noise import silence_libraries
from errata.inference.stream_reader import open_reader
from errata.inference.torch import load_model
from errata.loop.init import Day0Choice, init
from errata.tasks.encode import PLACEHOLDERS
from errata.tasks.prompt import Control

TOKENS = 512
ROUNDS = 7
HOUR = 3600


def make_recording(path: Path, minutes: float) -> None:
    """Pictures that change all along, and a tone."""
    length = f"duration={60 * minutes:g}"
    sources = ("-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:{length}", "-f", "lavfi", "-i", f"sine={length}")
    command = ("ffmpeg", "-v", "error", "-y", *sources, "-preset", "ultrafast", str(path))
    subprocess.run(command, check=True)  # the PATH's, as users have it


def extractor_line(extractor: Extractor, recording: Path, minutes: float) -> str:
    """With what ffmpeg takes to decode, which is a process of its own."""
    began = _processor_seconds()
    vectors = len(extract(extractor, str(recording), 1.0).times)
    spent = _processor_seconds() - began
    return f"| {extractor.version} | {vectors / spent:,.1f} | {60 * minutes / spent:,.0f} |"


def _processor_seconds() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def token_lines(model: Any, sense: Sense) -> Iterator[str]:
    """Reading, and a training step's pass there and back."""
    words = torch.randint(0, model.config.vocab_size, (1, TOKENS))
    seeing = words.clone()
    seeing[:, ::2] = PLACEHOLDERS[sense.modality]
    vectors: dict[str, torch.Tensor] = {sense.modality: torch.randn(TOKENS // 2, sense.size)}

    def read(seen: bool) -> Any:
        passed = read_among_words(model, seeing, vectors) if seen else {"input_ids": words}
        return model(**passed, use_cache=False).logits

    def learn(seen: bool) -> None:
        loss: Any = torch.nn.functional.cross_entropy(read(seen)[0, :-1], words[0, 1:])
        loss.backward()

    for name, work in (("read", torch.inference_mode()(read)), ("learnt", learn)):
        spent = medians({"words": partial(work, False), "vectors": partial(work, True)}, ROUNDS)
        alone, among = spent["words"], spent["vectors"]
        yield f"| {name} | {TOKENS / alone:,.0f} | {TOKENS / among:,.0f} | {alone / among:.2f} |"


def hour_lines(folder: Path, models: Path, sense: Sense, hours: int) -> Iterator[str]:
    reader = open_reader(folder, models, (Control("watch"),))
    generator = torch.Generator().manual_seed(0)
    for hour in range(1, hours + 1):
        began = time.process_time()
        for _ in range(HOUR):
            reader.read([reader.frame(sense.modality, torch.randn((sense.tokens, sense.size), generator=generator))])
        spent = time.process_time() - began
        memory = psutil.Process().memory_info().rss / 2**20
        yield f"| {hour} | {spent:.0f} | {HOUR * sense.tokens / spent:,.0f} | {reader.cached} | {memory:,.0f} |"


def measure(by: Sequence[str], model: str | None, minutes: float, hours: int) -> Iterator[str]:
    extractors = [find_extractor(name) for name in by]
    with TemporaryDirectory() as place:
        recording = Path(place) / "recording.mp4"
        make_recording(recording, minutes)
        yield from ("| extractor | vectors a CPU-second | times real time |", "|---|---|---|")
        for extractor in extractors:
            yield extractor_line(extractor, recording, minutes)
        workspace = init(Path(place) / "workspace", Day0Choice(model=model, senses=(f"{by[0]}@1",)))
        with workspace.record.read() as store:
            folder = model_folder(store.aliases.model_of("day0") or "", workspace.models)
        (sense,) = Card.read(folder).senses
        yield from _table("| tokens a CPU-second | words alone | half of them vectors | of it |")
        yield from token_lines(_attached(folder, Card.read(folder).senses), sense)
        yield from _table("| hour | CPU-seconds | tokens a CPU-second | places of the cache | MiB |")
        yield from hour_lines(folder, workspace.models, sense, hours)


def _table(head: str) -> tuple[str, str, str]:
    return "", head, "|---" * (head.count("|") - 1) + "|"


def _attached(folder: Path, senses: Sequence[Sense]) -> Any:
    model = load_model(folder, None)
    connectors: Connectors = load_connectors(folder, model, senses)
    attach(model, connectors)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", help="a Day-0 of words alone, as errata init takes it; errata-tiny without")
    parser.add_argument("--by", nargs="+", default=["log-mel", "cepstra"], help="as errata features takes them")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--hours", type=int, default=10)
    given = parser.parse_args()
    silence_libraries()
    with error_exit():
        for line in measure(given.by, given.model, given.minutes, given.hours):
            print(line, flush=True)


if __name__ == "__main__":
    main()
