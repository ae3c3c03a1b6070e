"""What each export costs to make, and how large it is.

    python -m benchmarks.exports [--model FOLDER] [--targets server device gguf]

Each target is made anew from the model (errata-tiny by default), as a night makes it with the parameters that
`params.yaml` has by default; any but the server's is made from that one, whose making is left out of its time. Prints
seconds of the processor and on the wall, and bytes.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from errata.documents.params import read_params
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=embedded_model())
    parser.add_argument("--targets", nargs="+", default=list(EXPORT_TARGETS), choices=list(EXPORT_TARGETS))
    options = parser.parse_args()
    with TemporaryDirectory() as place:
        rows = measure(options.model, Path(place), options.targets)
    sys.stdout.write(f"the load of the machine is {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    size = sum(sealed_sizes(options.model).values())
    sys.stdout.write(f"the model itself: {size / 1e6:.1f} MB\n")
    for row in rows:
        sys.stdout.write(
            f"{row.target}: {row.cpu_seconds:.1f} s of the processor ({row.seconds:.1f} on the wall), "
            f"{row.size / 1e6:.1f} MB\n"
        )


def measure(model: Path, place: Path, targets: list[str]) -> list[MadeExport]:
    """In the empty folder `place`; the server's export is always made."""
    params = read_params(project_file("params.yaml")).export
    source = ExportSource(model, model.parent, place / "server", params)
    return [_made(name, source, place / name) for name in EXPORT_TARGETS if name == "server" or name in targets]


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
