"""What each export costs to make, and how large it is.

    python -m benchmarks.exports [--model FOLDER] [--targets server device gguf] [--rounds 3]

Each target is made anew from the model (errata-tiny by default), as a night makes it with the parameters that
`params.yaml` has by default; any but the server's is made from that one, whose making is left out of its time. Prints
seconds of the processor and on the wall, the median of the rounds with the least and the most, and bytes; of what can't
be made of this model, why.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic

from errata.documents.params import read_params
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import sealed_sizes
from errata.project_files import embedded_model, project_file
from registry.export.targets import EXPORT_TARGETS, ExportSource


@dataclass(frozen=True, slots=True)
class MadeExport:
    target: str
    cpu_seconds: float
    seconds: float
    size: int
    """Bytes of all sealed files."""


@dataclass(frozen=True, slots=True)
class UnmadeExport:
    target: str
    reason: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=embedded_model())
    parser.add_argument("--targets", nargs="+", default=list(EXPORT_TARGETS), choices=list(EXPORT_TARGETS))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds = []
    for _ in range(options.rounds):
        with TemporaryDirectory() as place:
            rounds.append(measure(options.model, Path(place), options.targets))
    sys.stdout.write(f"the load of the machine is {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    size = sum(sealed_sizes(options.model).values())
    sys.stdout.write(f"the model itself: {size / 1e6:.1f} MB\n")
    for made in zip(*rounds, strict=True):
        sys.stdout.write(f"{made[0].target}: {_said(made)}\n")


def _said(rounds: Sequence[MadeExport | UnmadeExport]) -> str:
    made = [each for each in rounds if isinstance(each, MadeExport)]
    for each in rounds:
        if isinstance(each, UnmadeExport):
            return each.reason
    cpu, wall = _spread([each.cpu_seconds for each in made]), _spread([each.seconds for each in made])
    return f"{cpu} of the processor, {wall} on the wall, {made[0].size / 1e6:.1f} MB"


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})"


def measure(model: Path, place: Path, targets: Sequence[str]) -> list[MadeExport | UnmadeExport]:
    """In the empty folder `place`; the server's export is always made."""
    params = read_params(project_file("params.yaml")).export
    source = ExportSource(model, model.parent, place / "server", params)
    names = [name for name in EXPORT_TARGETS if name == "server" or name in targets]
    return [_tried(name, source, place / name) for name in names]


def _tried(name: str, source: ExportSource, out: Path) -> MadeExport | UnmadeExport:
    try:
        return _made(name, source, out)
    except (BadInput, Unavailable) as problem:
        return UnmadeExport(name, f"not made: {problem}")


def _made(name: str, source: ExportSource, out: Path) -> MadeExport:
    cpu, wall = _cpu_seconds(), monotonic()
    EXPORT_TARGETS[name].build(source, out)
    size = sum(sealed_sizes(out).values())
    return MadeExport(name, _cpu_seconds() - cpu, monotonic() - wall, size)


def _cpu_seconds() -> float:
    """Of this process and of those that it has waited for: some builders run in their own."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
