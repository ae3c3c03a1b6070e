"""Benchmarks that need a machine which isn't here: their scripts run, and their arithmetic is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.gpu import QWEN, SMALL, missed, run


def test_the_gpus_script_runs_on_what_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ours, *_) = run(SMALL, tmp_path)
    assert ours.backend == "transformers" and ours.tokens > 0 and ours.padding == 0 and ours.loss > 5
    assert missed([replace(ours, tokens=1e6)]) == []
    slower = [replace(ours, tokens=9e4), replace(ours, backend="unsloth", tokens=2e5, loss=2 * ours.loss)]
    assert [fault.split()[0] for fault in missed(slower)] == ["90,000", "unsloth", "unsloth"]


def test_a_qwen_of_half_a_billion_is_counted_as_published() -> None:
    assert QWEN.body == pytest.approx(0.358e9, rel=0.01), "0.36 B without embeddings, as its card says"
    # at 40 % of an H200 the formula gives about 200,000 tokens a second at 4k
    seconds = QWEN.operations(8_800_000) / (0.4 * 989e12)
    assert QWEN.tokens / seconds == pytest.approx(200_000, rel=0.1)
