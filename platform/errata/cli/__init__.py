"""The command line: the only place where record, stages, evaluation and registry meet, by late imports."""

from __future__ import annotations


def main() -> None:
    from errata.cli.app import run

    run()
