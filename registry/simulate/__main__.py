"""`python -m registry.simulate`: the tables of `docs/gate.md`, in Markdown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from registry.simulate import annual, chosen_on_dev, edited_presets, rectified_years, reuse, small, worlds
from registry.simulate.pictures import write_pictures

SEED = 20250101


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m registry.simulate", description="How often the gate is wrong, on differences of known truth."
    )
    parser.add_argument("--years", type=positive_integer, default=1000, help="simulated years a line")
    parser.add_argument("--repetitions", type=positive_integer, default=4000, help="simulated tests a line")
    parser.add_argument("--seed", type=positive_integer, default=SEED)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write docs/gate.md's pictures there instead")
    options = parser.parse_args(arguments)
    if options.pictures:
        write_pictures(options.pictures, options.repetitions, options.seed)
        return
    for line in lines(options.years, options.repetitions, options.seed):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def positive_integer(text: str) -> int:
    """Raises ArgumentTypeError for what isn't a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def lines(years: int, repetitions: int, seed: int) -> Iterator[str]:
    yield from worlds.lines(years, repetitions, seed)
    yield from annual.lines(years, repetitions, seed)
    yield from small.lines(repetitions, seed)
    yield from chosen_on_dev.lines(repetitions, seed)
    yield from rectified_years.lines(years, seed)
    yield from edited_presets.lines(repetitions, seed)
    yield from reuse.lines(years, seed)


if __name__ == "__main__":
    main()
