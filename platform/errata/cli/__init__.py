"""The command line: typer commands and printing, nothing else. Each command imports what it needs when it runs."""

from __future__ import annotations


def main() -> None:
    from errata.cli.app import run

    run()
