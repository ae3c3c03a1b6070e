"""A client that closes its connection has the model stop, and leaves nothing behind; others are answered meanwhile."""

from __future__ import annotations

import time

import httpx
import pytest

from errata.operations.service_keys import add_key
from errata.workspace import Workspace
from tests.stub_serving import stub_serving

TALK = {"segments": [{"start": 0, "end": 9, "text": "Welcome back."}]}


@pytest.mark.slow
def test_who_leaves_is_not_computed_for_any_longer(workspace: Workspace) -> None:
    key = add_key(workspace, "app", "predictor", "tests").key
    with stub_serving(workspace, "--seconds", "600") as address:
        client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=60)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/chapters", json=TALK, timeout=1.0)
        end = time.monotonic() + 30
        while client.get("/readyz").json()["in_flight"] and time.monotonic() < end:
            time.sleep(0.1)
        assert client.get("/readyz").json()["in_flight"] == 0
        began = time.monotonic()
    assert time.monotonic() - began < 30, "it stops although its model was told to take ten minutes"
    with workspace.record.read() as store:
        assert store.counts()["transcripts"] == 0
