"""The command line: typer commands and printing, nothing else. Each command imports what it needs when it runs."""

from __future__ import annotations


def main() -> None:
    from errata.errors import error_exit

    with error_exit():  # also while the rest is imported
        from errata.cli.app import run

        run()
