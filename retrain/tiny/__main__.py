"""
python -m retrain.tiny OUT_DIR              # trains errata-tiny
python -m retrain.tiny --score MODEL_DIR    # scores it on talks with patterns that it never learnt from
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from rich.logging import RichHandler

from retrain.tiny.making import Plan, make


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m retrain.tiny", description="make errata-tiny, or score it")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--score", action="store_true", help="score the model in FOLDER instead of making one there")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[RichHandler(show_path=False)])
    if asked.score:
        from retrain.tiny.tiny_score import show

        show(asked.folder)
    else:
        make(asked.folder, Plan())


if __name__ == "__main__":
    main()
