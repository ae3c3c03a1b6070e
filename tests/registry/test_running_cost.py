"""What a model costs to run is measured in a process of its own, and never waited for without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from errata.errors import Unavailable
from errata.workspace import Workspace
from registry import running_cost


def test_a_runtime_that_hangs_is_not_waited_for(laid_out: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_cost, "PATIENCE_S", 0.01)  # no process is ready within that
    with pytest.raises(Unavailable, match=f"what {base} costs to run can't be measured .*0.01 s"):
        running_cost.measure_cost(Workspace.find(laid_out), base, [1])
