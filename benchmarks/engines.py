"""One model and one set of prompts through every engine: what reading, writing and a window cost in CPU-seconds.

    python -m benchmarks.engines MODEL TALKS [--windows 2] [--context 2048]

MODEL is a full model's folder, such as Gemma 3 270M's, and TALKS holds talks in any format that import reads. Each
engine reads the first window of the same talks by the template `indexed`, and then writes the same number of tokens,
whichever it likes best but the end of the text: which those are differs by rounding, what they cost should not. Each
has a process of its own with one thread (and llama.cpp one of its own below that), whose CPU-seconds count from when it
is loaded and has answered once. An engine that the model can't be exported for is named with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.process_cost import cpu_seconds
from benchmarks.talk_files import read_talks
from errata.errors import ErrataError
from errata.inference.artefact import Card, adopt
from errata.inference.engine import Ask, Constraint, Engine, Step
from errata.inference.load import load
from errata.inference.tokenizer import load_tokenizer
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import ids
from errata.tasks.prompt import Control, Text
from registry.export.device import export_device
from registry.export.gguf_export import export_gguf

WRITTEN = 64
"""Tokens of an answer: about four chapters."""
REFERENCE = "transformers fp32"
EXPORTS: Mapping[str, Callable[[Path, Path], str]] = {
    "llama.cpp Q8_0": lambda server, out: export_gguf(server, out, "q8_0"),
    "llama.cpp Q4_K_M": lambda server, out: export_gguf(server, out, "q4_k_m"),
    "ONNX int8": lambda server, out: export_device(server, out, "int8"),
    "ONNX int4": lambda server, out: export_device(server, out, "int4"),
}


@dataclass(frozen=True, slots=True)
class EngineCost:
    """Of all windows together; seconds of the CPU."""

    read: int
    """Tokens."""
    read_seconds: float
    written: int
    written_seconds: float
    answers: list[list[int]]

    @property
    def seconds(self) -> float:
        """A window."""
        return (self.read_seconds + self.written_seconds) / len(self.answers)

    @property
    def speed(self) -> float:
        """Tokens written a second."""
        return self.written / self.written_seconds


def prompts(model: Path, talks: Path, windows: int, context: int) -> Iterator[list[int]]:
    tokenizer = load_tokenizer(model)
    task = ChapterTask(templates.find("indexed"), tokenizer, context)
    for row in islice(read_talks(talks), windows):
        spans = task.render(next(task.views(row.transcript)))
        yield [token for span in spans if isinstance(span, Control | Text) for token in ids(span, tokenizer)]


def writing(engine: Engine, prompt: list[int], count: int) -> Ask[list[int]]:
    """`count` tokens, any but the first two of the vocabulary: an end would be among them."""
    allowed = np.ones(engine.vocabulary, dtype=np.bool_)
    allowed[[0, 1, engine.tokenizer.eos_token_id]] = False
    anything = f"start: any+\nany: <[2-{engine.vocabulary - 1}]>\n"
    step, answer = Step(prompt, allowed, constraint=Constraint(anything, count - 1)), list[int]()
    while len(answer) < count:
        answer.append((yield step).token)
        step = Step(answer[-1:], allowed)
    return answer


def measure(folder: Path, prompts: list[list[int]]) -> EngineCost:
    """Of the model in `folder`, in this process."""
    engine = load(folder, folder.parent)
    engine.run([writing(engine, prompts[0][:64], 2)])
    keeps = Card.read(folder).form != "onnx"  # what was read last, and would read a prompt once
    reading, both, answers = 0.0, 0.0, []
    for prompt in prompts:
        begun = cpu_seconds(os.getpid())
        engine.run([writing(engine, prompt, 1)])
        read = cpu_seconds(os.getpid())
        answers += engine.run([writing(engine, prompt, WRITTEN)])
        reading += read - begun
        both += cpu_seconds(os.getpid()) - (begun if keeps else read)
    return EngineCost(sum(map(len, prompts)), reading, WRITTEN * len(prompts), both - reading, answers)


def alike(one: list[int], other: list[int]) -> int:
    """Tokens with which both begin."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=True))))


def print_cost(name: str, cost: EngineCost, reference: EngineCost) -> None:
    same = sum(map(alike, cost.answers, reference.answers)) / len(cost.answers)
    print(
        f"{name}: reads {cost.read / cost.read_seconds:.0f} tokens/s, writes {cost.speed:.1f} tokens/s "
        f"({cost.speed / reference.speed:.1f} ×), {cost.seconds:.1f} s a window "
        f"({reference.seconds / cost.seconds:.2f} ×); {same:.0f} of {WRITTEN} tokens alike",
        flush=True,
    )


def in_own_process(folder: Path, file: Path) -> EngineCost:
    command = [sys.executable, "-m", "benchmarks.engines", str(folder), str(file), "--measure"]
    process = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True, check=True
    )
    return EngineCost(**json.loads(process.stdout.splitlines()[-1]))


def compare(model: Path, talks: Path, windows: int, context: int) -> None:
    with TemporaryDirectory() as place:
        server, file = Path(place, "server"), Path(place, "prompts.json")
        adopt(model, Card("indexed", context), server)
        file.write_text(json.dumps(list(prompts(server, talks, windows, context))))
        reference = in_own_process(server, file)
        print_cost(REFERENCE, reference, reference)
        for name, export in EXPORTS.items():
            try:
                export(server, Path(place, "export"))
            except ErrataError as fault:
                print(f"{name}: not run ({fault})", flush=True)
            else:
                print_cost(name, in_own_process(Path(place, "export"), file), reference)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("talks", type=Path)
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(asdict(measure(arguments.model, json.loads(arguments.talks.read_text())))))
    else:
        compare(arguments.model, arguments.talks, arguments.windows, arguments.context)


if __name__ == "__main__":
    main()
