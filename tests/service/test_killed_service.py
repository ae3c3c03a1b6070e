"""The service is killed under load: whatever was answered stands in the record, once."""

from __future__ import annotations

import pytest

from benchmarks import kill_serve
from errata.workspace import Workspace


@pytest.mark.slow
def test_twenty_kills_lose_no_answer_and_double_none(workspace: Workspace) -> None:
    campaign = kill_serve.run(workspace, kills=20, clients=4)
    assert campaign.faults == []
    assert campaign.kills == 20 and len(campaign.answered) > 20
