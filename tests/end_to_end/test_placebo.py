"""The loop on corrections that changed places between talks, in a file of its own so that it runs beside the demo."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_permuted_corrections_promote_nothing(tmp_path: Path, as_json) -> None:
    nights = as_json("demo", tmp_path / "placebo", "--placebo")
    assert not any(night["promoted"] for night in nights)
    assert [
        move["alias"] for move in as_json("history", "-w", tmp_path / "placebo") if move["reason"] == "promote"
    ] == []
