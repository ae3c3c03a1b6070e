"""What a model costs to run: `python -m registry.running_cost WORKSPACE FOLDER TRANSCRIPT…` prints it as JSON.

A process of its own loads the model by the runtime that serves it, answers the transcripts one after another, and looks
at its own memory; so that none of it is another model's.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from errata.documents.certificate import RunningCost
from errata.documents.document import parse
from errata.domain.hashing import content_hash
from errata.errors import Unavailable
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.inference.engine import Ask, Choice, Engine, Step, T, Weighing
from errata.inference.load import has_llama_cpp, load
from errata.inference.model import LoadedModel
from errata.inference.sensed_frames import features_beside
from errata.stage_exit import stage_exit
from errata.workspace import Workspace

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer


PATIENCE_S = 2 * 3600.0
"""That measuring may take: a runtime that hangs would hold the night's lease for ever."""


@dataclass(frozen=True, slots=True)
class MeasuredCost:
    cost: RunningCost
    prompts: tuple[str, ...]
    """A hash of the token ids of each prompt, in their order."""


class CountingEngine:
    """An engine, with the tokens that go through it and its prompts noted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.tokenizer: Tokenizer = engine.tokenizer
        self.vocabulary, self.forkable = engine.vocabulary, engine.forkable
        self.tokens, self.prompts = 0, list[str]()

    def run(self, asks: Sequence[Ask[T]]) -> list[T]:
        return self._engine.run([self._counted(ask) for ask in asks])

    def weigh(self, weighings: Sequence[Weighing]) -> list[list[float]]:
        for weighing in weighings:
            self._note(weighing.tokens)
        return self._engine.weigh(weighings)

    def _note(self, prompt: list[int]) -> None:
        self.prompts.append(content_hash(prompt))
        self.tokens += len(prompt)

    def _counted(self, ask: Ask[T]) -> Ask[T]:
        step: Step = next(ask)
        self._note(step.append)
        while True:
            choice: Choice = yield step
            try:
                step = ask.send(choice)
            except StopIteration as done:
                answer: T = done.value
                return answer
            self.tokens += len(step.append)


def measure_cost(workspace: Workspace, folder: Path, transcripts: Sequence[int]) -> MeasuredCost:
    """In a process of its own. Raises Unavailable where that fails, or takes longer than `PATIENCE_S`."""
    command = [sys.executable, "-m", "registry.running_cost", str(workspace.root), str(folder)]
    command += map(str, transcripts)
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(
            f"what {folder} costs to run can't be measured (no end of it in {PATIENCE_S:g} s); see whether it answers"
        ) from error
    lines = [line for line in process.stdout.splitlines() if line.startswith("{")]
    if process.returncode or not lines:
        said = [line for line in process.stderr.splitlines() if line.strip()] or [f"exit code {process.returncode}"]
        raise Unavailable(f"what {folder} costs to run can't be measured ({said[-1].strip()}); see whether it loads")
    return parse(MeasuredCost, json.loads(lines[-1]), "a measured cost", "measure it again")


def _measure_here(workspace: Workspace, folder: Path, transcripts: Sequence[int]) -> MeasuredCost:
    with workspace.record.read() as store:
        talks = [store.transcripts.read(transcript) for transcript in transcripts]
    card, engine = Card.read(folder), CountingEngine(load(folder, workspace.models))
    model = LoadedModel(engine, chapter_task(card, engine.tokenizer, features_beside(workspace.models)))
    begun = time.perf_counter()
    model.answer(talks)
    seconds = time.perf_counter() - begun
    cost = RunningCost(
        runtime=_runtime(card), talks=len(talks), tokens=engine.tokens, seconds=seconds, memory=_memory()
    )
    return MeasuredCost(cost, tuple(engine.prompts))


def _runtime(card: Card) -> str:
    if card.form == "onnx":
        return "onnxruntime-genai"
    return "llama.cpp" if card.form == "gguf" and has_llama_cpp() else "transformers"


def _memory() -> int:
    """Bytes that this process held at most, and those that it started hold: llama.cpp runs in one."""
    import psutil

    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return int(own + sum(child.memory_info().rss for child in psutil.Process().children(recursive=True)))


def main(words: Sequence[str]) -> None:
    root, folder, *transcripts = words
    measured = _measure_here(Workspace.find(Path(root)), Path(folder), [int(number) for number in transcripts])
    sys.stdout.write(json.dumps(asdict(measured)) + "\n")


if __name__ == "__main__":
    with stage_exit():
        main(sys.argv[1:])
