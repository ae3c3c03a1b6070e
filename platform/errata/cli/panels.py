"""Under which heading a command stands in `errata --help`."""

from __future__ import annotations

START = "Start here"
RECORD = "The record: what comes in, and what people say of it"
LOOP = "The loop"
SERVICE = "The service"
DECISIONS = "Decisions: what ships"
CHECKS = "Checks"
