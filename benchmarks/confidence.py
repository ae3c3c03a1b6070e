"""What it costs that a model says how sure it is of its borders: answers with and without, in turns.

    python -m benchmarks.confidence [--talks 40] [--rounds 5]

errata-tiny answers the sample's first talks. Without, each choice is the likeliest token and nothing else. The answers
must be the same; what is compared is CPU time, round against round, so that whatever else this machine does meets both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from errata.demo.days import write
from errata.domain.transcript import Transcript
from errata.inference import head
from errata.inference.engine import Choice, Mask
from errata.inference.model import LoadedModel, open_model
from errata.operations.chaptering import UnansweredTalk, read_talks
from errata.project_files import embedded_model
from errata.tasks.template import Reading


def likeliest(logits: npt.NDArray[np.float32], allowed: Mask) -> Choice:
    """`pick` as it would be if nobody asked how probable its choice is."""
    return Choice(int(np.argmax(np.where(allowed, logits, -np.inf))))


def sample_talks(count: int) -> list[Transcript]:
    with TemporaryDirectory() as place:
        write(Path(place))
        talks = [each for each in read_talks([Path(place) / "day-1"]) if isinstance(each, UnansweredTalk)]
    return [talk.transcript for talk in talks[:count]]


def timed(answer: Callable[[Sequence[Transcript]], list[Reading]], talks: Sequence[Transcript]) -> float:
    """Seconds of CPU."""
    began = time.process_time()
    answer(talks)
    return time.process_time() - began


def measure(model: LoadedModel[Reading], talks: Sequence[Transcript], rounds: int) -> list[tuple[float, float]]:
    """Seconds of CPU with and without, a pair a round. Raises ValueError where the answers differ."""
    pairs = []
    answers = model.answer(talks)
    for number in range(rounds):
        first = timed(model.answer, talks) if number % 2 else 0.0
        with patch.object(head, "pick", likeliest):
            without = timed(model.answer, talks)
            if model.answer(talks[:1]) != answers[:1]:
                raise ValueError("the answers differ")
        pairs.append((first or timed(model.answer, talks), without))
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--talks", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = embedded_model()
    pairs = measure(open_model(folder, folder.parent), sample_talks(options.talks), options.rounds)
    ratio = median(taken / without for taken, without in pairs)
    taken, without = (median(side) for side in zip(*pairs, strict=True))
    print(f"{taken:.2f} s of CPU with confidences, {without:.2f} s without; median ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
