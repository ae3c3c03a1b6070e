"""What a candidate costs to run: bytes and waiting, against the champion's."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from registry.export.server import export_server
from registry.footprint import ROUNDS, compare_sizes, compare_times, load_answer, measure_footprint, size, time_in_turns
from registry.policy import ANNUAL, SMALL


def talks(number: int) -> list[Transcript]:
    segments = tuple(Segment(10.0 * at, 10.0 * at + 9, "so today we talk about gardens") for at in range(3))
    return [Transcript(f"t{at}", segments, 30.0 + at) for at in range(number)]


def times(slowness: float, spread: float = 0.05, transcripts: int = 24, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return slowness * np.linspace(1, 3, transcripts)[:, None] * random.lognormal(0, spread, (transcripts, ROUNDS))


def test_both_models_answer_in_turns_after_a_warm_up() -> None:
    order: list[str] = []
    ticks = count()
    new, old = time_in_turns(
        lambda talk: order.append("new"), lambda talk: order.append("old"), talks(2), lambda: float(next(ticks))
    )
    assert order[:2] == ["new", "old"]
    timed = ["".join(name[0] for name in order[at : at + 2]) for at in range(2, len(order), 2)]
    assert timed == ["on", "no"] * ROUNDS
    assert new.shape == old.shape == (2, ROUNDS)
    assert (new == 1).all() and (old == 1).all()


def test_nothing_to_answer_is_refused() -> None:
    with pytest.raises(BadInput, match="transcript"):
        time_in_turns(lambda talk: None, lambda talk: None, [])


@pytest.mark.parametrize(("slowness", "outcome"), [(0.8, "passed"), (1.0, "passed"), (1.3, "failed")])
def test_latency_is_a_guardrail_on_the_slowest_answers(slowness: float, outcome: str) -> None:
    found = compare_times(times(slowness, seed=2), times(1.0, seed=3))
    assert found.effect == pytest.approx(100 * (1 - slowness), abs=6)
    assert found.low <= found.effect <= found.high
    assert ANNUAL.result(ANNUAL.guardrail("latency", found)).status == outcome


def test_a_clock_that_tells_too_little_is_not_evaluable() -> None:
    noisy = compare_times(times(1.0, spread=0.9, seed=4), times(1.0, spread=0.9, seed=5))
    assert ANNUAL.result(ANNUAL.guardrail("latency", noisy)).status in ("not evaluable", "failed")
    few = compare_times(times(1.0, transcripts=5), times(1.0, transcripts=5))
    assert ANNUAL.result(ANNUAL.guardrail("latency", few)).status == "not evaluable"
    assert compare_times(times(1.0, transcripts=1), times(1.0, transcripts=1)).low is None


def test_a_machine_that_pauses_now_and_then_fails_nobody() -> None:
    paused, calm = times(1.0, seed=2), times(1.0, seed=3)
    paused[::4, 1] += 10.0
    found = compare_times(paused, calm)
    assert found.effect == pytest.approx(0, abs=6)
    assert ANNUAL.result(ANNUAL.guardrail("latency", found)).status == "passed"


def test_a_model_against_itself_is_even() -> None:
    found = compare_times(times(1.0), times(1.0))
    assert (found.effect, found.low, found.high) == (0, 0, 0)


@given(st.integers(1, 10**9), st.floats(0.5, 2))
def test_size_is_a_guardrail_at_a_twentieth_more(old: int, ratio: float) -> None:
    new = max(1, round(old * ratio))
    found = compare_sizes(new, old)
    assert (found.mean_new, found.mean_old) == (new, old)
    outcome = ANNUAL.result(ANNUAL.guardrail("size", found)).status
    if abs(new / old - 1.05) > 1e-9:
        assert outcome == ("passed" if new / old < 1.05 else "failed")
    assert SMALL.result(SMALL.guardrail("size", found)).status == outcome


def test_real_models_are_measured(base: Path, adapter: Path, models: Path, tmp_path: Path) -> None:
    export_server(adapter, models, tmp_path / "server")
    found = measure_footprint(tmp_path / "server", base, models, talks(2))
    assert found.latency.n == 2 and found.latency.mean_new > 0 and found.latency.mean_old > 0
    assert found.size.mean_new == size(tmp_path / "server", models)
    json.dumps(asdict(found), allow_nan=False)


def test_an_adapter_is_as_large_as_it_is_with_its_base(base: Path, adapter: Path, models: Path) -> None:
    own = sum(path.stat().st_size for path in adapter.rglob("*") if path.is_file())
    assert size(adapter, models) == own + size(base, models)


def test_answers_are_given_anew(base: Path, models: Path) -> None:
    answer = load_answer(base, models)
    assert answer(talks(1)[0]) == answer(talks(1)[0])
