"""A row's number in an address: what a database has room for, and so a 422 for what it hasn't."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

RowNumber = Annotated[int, Path(ge=0, le=2**63 - 1)]
