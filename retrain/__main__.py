"""Stages 4 and 5 in one process, which imports once what both need: tonight's mixture, and the candidate it makes."""

from __future__ import annotations

from errata.stage_exit import stage_exit
from retrain import mix, train


def main() -> None:
    mix.main()
    train.main()


if __name__ == "__main__":
    with stage_exit():
        main()
