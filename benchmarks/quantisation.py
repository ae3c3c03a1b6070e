"""What a device's weights cost errata-tiny: `python -m benchmarks.quantisation`, for each precision a line.

On generated talks: the share of chapter starts that both give, F1 against the full model's by the house style's
chapters, bytes, and processor seconds a talk.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import get_args

from errata.demo import styles
from errata.demo.days import NEW_PHRASES
from errata.demo.material import load as material
from errata.demo.speech import SpeechSetting
from errata.demo.talks import Talk, write_talk
from errata.documents.params import Precision
from errata.domain.chapter import Chapters
from errata.inference.model import open_model
from registry.engine_agreement import agreement
from registry.export.device import export_device
from registry.export.server import export_server
from registry.parity import LabelledItem, compare_f1

TALKS = 60


def _talks() -> list[Talk]:
    rng = Random("quantisation")
    channels, setting = material().early_channels(), SpeechSetting("day-2", own=NEW_PHRASES, fresh=0.4)
    return [write_talk(material(), rng.choice(channels), setting, rng, f"q-{n}") for n in range(TALKS)]


def _answers(folder: Path, talks: Sequence[Talk]) -> tuple[list[Chapters], float]:
    """And processor seconds a talk."""
    model = open_model(folder, folder)
    begun = time.process_time()
    answers = [reading.chapters for talk in talks for reading in model.answer([talk.transcript])]
    return answers, (time.process_time() - begun) / len(talks)


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.quantisation", description=__doc__).parse_args()
    talks = _talks()
    items = [
        LabelledItem(
            styles.chapters(talk, styles.house(talk)), talk.transcript.duration, "seconds", talk.transcript.channel
        )
        for talk in talks
    ]
    with TemporaryDirectory() as place:
        server = Path(place, "server")
        export_server(Path(str(resources.files("errata") / "tiny")), Path(place), server)
        full, seconds = _answers(server, talks)
        print(f"full: {seconds:.2f} s of processor time a talk")
        for precision in get_args(Precision):
            folder = Path(place, precision)
            export_device(server, folder, precision)
            said, seconds = _answers(folder, talks)
            f1, size = compare_f1(items, full, said), sum(file.stat().st_size for file in folder.iterdir())
            print(
                f"{precision}: {agreement(full, said).starts:.1f} % of starts agree, F1 {f1.effect:+.2f} "
                f"[{f1.low:+.2f}, {f1.high:+.2f}], spread {f1.sd:.1f}, {size / 1e6:.1f} MB, {seconds:.2f} s a talk"
            )


if __name__ == "__main__":
    main()
