"""Which of a machine's processors computes; no Mac is at hand, so torch is told that there is one."""

from __future__ import annotations

import pytest
import torch

from errata.inference.compute_device import Device, best_device

MACHINES = [((True, False), "cuda"), ((True, True), "cuda"), ((False, True), "mps"), ((False, False), "cpu")]


@pytest.fixture(params=MACHINES, ids=lambda case: case[1])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Device:
    (cuda, mps), expected = request.param
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    return expected


def test_the_fastest_is_taken(device: Device) -> None:
    assert best_device() == device
