"""The command line as people run it: in processes of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.command_line import Errata, in_a_process, json_of


@pytest.fixture(scope="session")
def errata() -> Errata:
    return in_a_process


@pytest.fixture(scope="session")
def as_json(errata: Errata) -> Callable[..., Any]:
    return json_of(errata)
