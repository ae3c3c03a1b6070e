"""Stages 6 to 9 in one process, which imports once what all need: what the gate will be told of the candidate."""

from __future__ import annotations

from errata.stage_exit import stage_exit
from evaluation import harness
from registry import parity, scoring_engine
from registry.export import __main__ as export


def main() -> None:
    export.main()
    scoring_engine.main()
    harness.main()
    parity.main()


if __name__ == "__main__":
    with stage_exit():
        main()
