"""Two of the sample's days in a workspace that serves meanwhile: each day's talks are imported with their chapters, and
then its night runs. The second has something to train on.

    python -m benchmarks.two_nights WORKSPACE
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.workspaces import errata
from errata.demo import days


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    root = parser.parse_args().workspace
    for day in days.DAYS[:2]:
        talks = days.write_with_chapters(root / "samples" / day, day)
        errata("import", "transcripts", talks, "-w", root)
        errata("nightly", "--date", day, "-w", root)


if __name__ == "__main__":
    main()
