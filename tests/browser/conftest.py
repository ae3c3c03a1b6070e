"""Debian's Chromium, as the tests of pages drive it; they skip where it isn't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.review_browser import CHROMIUM, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("/usr/bin/chromium is not here; install Chromium to look at pages")
    with chromium() as made:
        yield made
