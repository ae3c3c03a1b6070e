"""`make loop` and its placebo: the whole loop on the sample days, as a stranger runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

VERDICTS = {"promote", "reject", "inconclusive", "underpowered", "blocked"}


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_corrections_make_the_model_better_and_the_gate_says_so(tmp_path: Path, errata, as_json) -> None:
    root = tmp_path / "demo"
    nights = as_json("demo", root)
    assert [night["night"] for night in nights] == ["day-1", "day-2", "day-3", "day-4"]
    assert nights[0]["verdict"] == "bootstrap"
    assert {night["verdict"] for night in nights[1:]} <= VERDICTS
    last = nights[-1]["means"]
    best = max(last["champion"]["f1"], last["candidate"]["f1"])
    assert best > last["day0"]["f1"] + 2.0, "training on corrections must move the scores on items nobody trained on"
    assert (root / "nights" / "day-4" / "report.html").stat().st_size < 2_000_000
    assert as_json("demo", root) == nights, "a finished demo is not run again"
    promoted = [
        move for move in as_json("history", "-w", root) if move["reason"] == "promote" and move["alias"] == "champion"
    ]
    if promoted:
        errata("rollback", "-w", root)
        assert as_json("status", "-w", root)["aliases"]["champion"] == promoted[-1]["previous"]


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_permuted_corrections_promote_nothing(tmp_path: Path, as_json) -> None:
    nights = as_json("demo", tmp_path / "placebo", "--placebo")
    assert not any(night["promoted"] for night in nights)
    assert [
        move["alias"] for move in as_json("history", "-w", tmp_path / "placebo") if move["reason"] == "promote"
    ] == []
