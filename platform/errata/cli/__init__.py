"""The command line: the only place where record, stages, evaluation and registry meet, by late imports."""

from __future__ import annotations


def main() -> None:
    import gc

    gc.set_threshold(50_000)  # starting up makes objects and drops none: Python would look through them 180 times
    from errata.cli.app import run

    run()
