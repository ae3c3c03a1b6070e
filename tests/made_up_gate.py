"""What a gate decides on: scores and exports as `evaluation.json` and `parity.json` have them; and a night's gate."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from errata.documents.comparison import Comparison
from errata.documents.document import from_json, parse
from errata.documents.evaluation import ContenderScores
from errata.documents.judging import Judging
from errata.documents.night import Night
from errata.documents.parity import ParityReport
from evaluation.statistics.betting import with_wealth
from evaluation.statistics.paired import compare
from registry.gate_result import GateInput, GateResult, run_gates
from registry.history import GateHistory
from registry.policy import Policy

NIGHT = Night("2026-03-01", 30, 40, "d" * 64, "c" * 64, 20, "", 0, "e" * 64)
COMPARISON = compare([80.0, 90.0, 70.0, 60.0], [60.0, 70.0, 75.0, 50.0], ["x", "y", "z", "x"], seed=7)


def gate(
    contender: dict[str, Any],
    parity: dict[str, Any],
    policy: Policy,
    folder: Path,
    history: GateHistory | None = None,
    judging: Judging | None = None,
) -> GateResult:
    [result] = run_gates(NIGHT, [gate_input(contender, parity, judging)], policy, folder, history or GateHistory())
    return result


def gate_input(contender: dict[str, Any], parity: dict[str, Any], judging: Judging | None = None) -> GateInput:
    scores = parse(ContenderScores, contender, "the contender", "mend the test")
    return GateInput(scores, from_json(ParityReport, parity, "parity.json", "mend the test").exports, judging)


def drawn(gain: float, n: int, spread: float) -> list[float]:
    """Differences with exactly that mean."""
    values = np.random.default_rng(n).normal(0, spread, n)
    return [float(value) for value in values - values.mean() + gain]


def many(gain: float, n: int = 700, spread: float = 15.0) -> dict[str, Any]:
    """A comparison of `n` items in 70 clusters, as `evaluation.json` has it."""
    new = drawn(gain, n, spread) if spread else [gain] * n
    comparison = compare(new, [0.0] * n, [f"c{index % 70}" for index in range(n)], seed=1)
    return asdict(with_wealth(comparison, new))


def shipped(**server: Any) -> dict[str, Any]:
    """`parity.json`."""
    one = replace(Comparison(**many(0.0, spread=0.0)), n=1, effect=-1.0, se=None)
    server = {"footprint": {"latency": many(0.0, n=20, spread=0.0), "size": asdict(one)}, **server}
    same, agrees = many(0.0, spread=0.0), {"answers": 99.0, "starts": 99.4, "titles": 99.0}
    return {
        "server": {"model": "5" * 64, "size": 1, "f1": same, "agreement": agrees, **server},
        "device": {"model": "d" * 64, "size": 1, "f1": same, "agreement": agrees},
    }
