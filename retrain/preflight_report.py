"""What a stage says of its preflight: what it found on stderr, and the first fault as the error that stops it."""

from __future__ import annotations

import sys

from errata.documents.preflight import Preflight
from errata.errors import ErrataError, Refused, Unavailable
from errata.wording.preflight_sentences import fault_sentence, preflight_lines


def say_preflight(report: Preflight) -> None:
    for line in preflight_lines(report):
        sys.stderr.write(f"preflight: {line}\n")


def refuse_faults(report: Preflight) -> None:
    """Raises Unavailable for what the machine lacks, and Refused for what is wrong with the rows."""
    for fault in report.faults:
        kind: type[ErrataError] = Unavailable if fault.kind in ("memory", "disk") else Refused
        raise kind(fault_sentence(fault))
