"""From pixels to words: clips become vectors by the command, a model learns from those, and watches a clip that it
hasn't seen, by the command."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from errata.errors import Unavailable
from errata.features.extractors import find_extractor
from errata.features.feature_store import FeatureStore, feature_key
from errata.files import file_sha256
from errata.inference.artefact import Card, Sense, seal, verify
from retrain.backends.start import Start
from retrain.saving import save
from retrain.taught_rows import write_taught_rows
from retrain.trainer import make_trainer, run_trainer
from tests.command_line import in_this_process
from tests.made_up_recipe import LORA
from tests.made_up_stream import WORDS, make_watching_model, taught_stream

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")]

COLOURS = ("red", "lime", "blue", "white")
RECIPE = replace(LORA, max_steps=60, epochs=20.0, learning_rate=5e-3, rank=16, alpha=32, silence_balance=0.99)


def film(path: Path, colours: Sequence[int]) -> Path:
    """A second of each colour, as a camera's file comes: with loss."""
    inputs = [word for c in colours for word in f"-f lavfi -i color={COLOURS[c]}:s=160x120:r=5:d=1".split()]
    joined = f"{''.join(f'[{n}]' for n in range(len(colours)))}concat=n={len(colours)}[v]"
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", joined, "-map", "[v]", str(path)]
    subprocess.run(command, check=True)
    return path


def test_a_model_says_what_it_sees_of_a_clip_that_it_has_not_seen(laid_out: Path, tmp_path: Path) -> None:
    try:
        extractor = find_extractor("efficientnet-lite0")
    except Unavailable as error:
        pytest.skip(str(error))
    root, random = tmp_path / "workspace", Random(7)
    shutil.copytree(laid_out, root, symlinks=True)
    stories = [[random.randrange(4) for _ in range(4)] for _ in range(10)]
    shown = [[colour for colour in story for _ in range(random.randrange(1, 4))] for story in stories]
    clips = [film(tmp_path / f"{number}.mp4", colours) for number, colours in enumerate(shown)]
    done = in_this_process("features", *clips, "--rate", "1", "-w", root)
    assert "1 place of 1280 numbers" in done.stdout

    store = FeatureStore(root / "features")
    keys = [feature_key(file_sha256(clip), extractor.version, 1.0) for clip in clips]
    assert [len(store.read(key).times) for key in keys] == [len(colours) for colours in shown]
    base, rows = root / "models" / "base", tmp_path / "rows" / "train.parquet"
    sense = Sense("video", extractor.version, 1.0, extractor.size)
    make_watching_model(base, senses=(sense,))
    base = base.rename(root / "models" / verify(base)[:16])
    shutil.copytree(root / "features", rows.parent / "features")
    write_taught_rows(rows, [taught_stream(key, colours, 1) for key, colours in zip(keys, shown, strict=True)])
    card = replace(Card.read(base), form="adapter", base=verify(base))
    trainer = make_trainer(rows, Start.of(base, root / "models"), RECIPE, card, tmp_path / "work")
    model, _ = run_trainer(trainer, tmp_path / "work")
    save(model, tmp_path / "trained", card, {}, base)
    assert seal(tmp_path / "trained") == verify(tmp_path / "trained")

    unseen = [2, 2, 2, 0, 0, 0, 1, 1, 3, 3, 3]
    watched = in_this_process(
        "watch", film(tmp_path / "unseen.mp4", unseen), "--model", tmp_path / "trained", "-w", root
    )
    said = [line.split("  ") for line in watched.stdout.splitlines()]
    due = [(place, WORDS[c]) for place, c in enumerate(unseen) if place and c != unseen[place - 1]]
    right = [[f"00:00:{place:02d}", word] for place, word in due]
    assert sum(line in said for line in right) >= 2, watched.stdout
    assert len(said) <= 6, watched.stdout
