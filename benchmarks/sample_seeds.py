"""How much of a verdict is luck: the whole sample loop, once for each of several seeds of training.

    python -m benchmarks.sample_seeds --seeds 5

Talks, reviewers and everything else stay as they are; `train.seed` alone differs. Each loop takes as long as
`make loop`. Prints a table in Markdown, for `docs/measurements.md`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.workspaces import errata, set_params
from errata.documents.outcome import Outcome
from errata.loop.init import init


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sample_seeds", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="so many, from 7 on, which is the sample's own")
    with tempfile.TemporaryDirectory() as folder:
        loops = {seed: sample_loop(Path(folder) / str(seed), seed) for seed in range(7, 7 + parser.parse_args().seeds)}
    for line in table(loops):
        sys.stdout.write(line + "\n")


def sample_loop(root: Path, seed: int) -> list[Outcome]:
    """Its nights' outcomes; what it prints of its progress goes to stderr."""
    workspace = init(root)
    set_params(root, {"train": {"seed": seed}})
    errata("demo", root)
    with workspace.record.read() as store:
        return [row.outcome for row in store.nights.all()]


def table(loops: dict[int, list[Outcome]]) -> list[str]:
    """A row for each contender of each night, and the spread of each night's candidates over the seeds."""
    names = ("night", "seed", "contender", "items", "effect", "90 % interval", "p", "verdict")
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    effects: dict[str, list[float]] = {}
    for seed, outcomes in loops.items():
        for outcome in outcomes:
            for entry in outcome.decisions:
                comparison = entry.decision.comparison
                if comparison is None or comparison.effect is None or comparison.low is None:
                    continue
                if entry.name == "candidate":
                    effects.setdefault(outcome.night, []).append(comparison.effect)
                lines.append(
                    f"| {outcome.night} | {seed} | {entry.name} | {comparison.n} | {comparison.effect:+.1f} | "
                    f"{comparison.low:+.1f} to {comparison.high or 0:+.1f} | {comparison.p_value or 1:.2g} | "
                    f"{entry.decision.verdict}: {entry.decision.cause} |"
                )
    rows = sorted(lines[2:])
    spreads = ["", "| night | candidates' effects | mean | spread over seeds |", "|---|---|---|---|"]
    for night, values in sorted(effects.items()):
        shown = ", ".join(f"{value:+.1f}" for value in values)
        spread = f"{statistics.stdev(values):.1f}" if len(values) > 1 else "–"
        spreads.append(f"| {night} | {shown} | {statistics.fmean(values):+.1f} | {spread} |")
    return [*lines[:2], *rows, *spreads]


if __name__ == "__main__":
    main()
