"""The whole loop on the sample days, as a stranger runs it: from a wheel, without the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Errata, json_of

VERDICTS = {"promote", "reject", "inconclusive", "underpowered", "blocked"}


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_loop_turns_four_times_and_corrections_move_the_scores(tmp_path: Path, installed: Errata) -> None:
    as_json = json_of(installed)
    root = tmp_path / "demo"
    nights = as_json("demo", root)
    assert [night["night"] for night in nights] == ["day-1", "day-2", "day-3", "day-4"]
    assert nights[0]["verdict"] == "bootstrap"
    assert {night["verdict"] for night in nights[1:]} <= VERDICTS
    for night in nights[1:]:
        day0, candidate = night["means"]["day0"], night["means"]["candidate"]
        assert candidate["title_exact"] > day0["title_exact"] + 3, (
            "corrections must move scores on items nobody trained on"
        )
        assert day0["f1"] > night["equal_split_f1"] + 10
    gains = [night["means"]["candidate"]["f1"] - night["means"]["day0"]["f1"] for night in nights[1:]]
    assert sum(gains) / len(gains) > 2, gains
    assert (root / "nights" / "day-4" / "report.html").stat().st_size < 2_000_000
    assert as_json("demo", root) == nights, "a finished demo is not run again"
    promoted = [
        move for move in as_json("history", "-w", root) if move["reason"] == "promote" and move["alias"] == "champion"
    ]
    if promoted:
        installed("rollback", "-w", root)
        assert as_json("status", "-w", root)["aliases"]["champion"] == promoted[-1]["previous"]
