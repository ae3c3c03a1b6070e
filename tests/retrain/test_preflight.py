"""What a preflight sees, each fault planted where it would do harm; and that a clean mixture has none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from errata.database.record import Record
from errata.documents.document import as_json, from_json
from errata.documents.file_names import AUGMENTED, LEFT_OUT, MIXTURE, ROWS, SNAPSHOT, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.params import Recipe
from errata.documents.preflight import Preflight
from errata.domain.transcript import Segment, Transcript
from errata.errors import NotFound, Refused, Unavailable
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, store_model
from errata.inference.chapter_task import chapter_task
from errata.inference.model_shape import ModelShape
from errata.inference.tokenizer import load_tokenizer
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates import find
from errata.tasks.templates.inline import Inline
from errata.wording.preflight_sentences import duration, fault_sentence, preflight_lines
from retrain import preflight as module
from retrain.mix import encode_rows
from retrain.preflight import preflight
from retrain.preflight_report import refuse_faults
from retrain.row_index import write_index
from retrain.served_tokens import weighs_otherwise
from retrain.taught_rows import taught_table
from retrain.training_memory import learning_weights, training_memory
from retrain.training_rows import TrainingRow, chapters_json
from tests.made_up_model import familiar_talk, make_model, make_tokenizer
from tests.made_up_recipe import LORA
from tests.made_up_record import chapters
from tests.made_up_rows import index, write_snapshot


def row(number: int) -> TrainingRow:
    return TrainingRow(
        transcript=number,
        transcript_hash=f"{number:064x}",
        external_id=f"talk {number}",
        channel="",
        correction=number,
        kind="edit",
        reviewer="ada",
        role="train",
        group=number,
        group_hashes=[f"{number:064x}"],
        chapters=chapters_json(chapters(0, 30, by="Gardens")),
        text=json.dumps(familiar_talk(f"talk {number}", number).as_json()),
    )


class Mixed:
    """A mixture in a folder, as the stages before training leave it."""

    def __init__(self, root: Path, record: Record) -> None:
        self.root, self.record, self.models = root, record, root / "models"
        identity = make_model(root / "base")
        self.base = root / "models" / store_model(root / "base", self.models)[:16]
        self.night = Night("2026-03-01", 30, 40, identity, identity, 20, "", 0, "c" * 64)
        rows = [row(number) for number in range(1, 11)]
        task = ChapterTask(find("inline"), load_tokenizer(self.base), 256)
        self.table = taught_table(encode_rows(rows, task)[0])
        (shard,) = write_snapshot(root / SNAPSHOT, rows)
        write_index(root / AUGMENTED / ROWS, index(rows, shard=shard))
        (root / MIXTURE).mkdir(parents=True)
        self.write(self.table)
        (root / MIXTURE / LEFT_OUT).write_text("")
        self.trained_on("b" * 64)

    def write(self, table: pa.Table) -> None:
        pq.write_table(table, self.root / MIXTURE / TRAINING_ROWS)

    def trained_on(self, *hashes: str) -> None:
        (self.root / MIXTURE / TRAINING_TRANSCRIPTS).write_text(json.dumps(hashes))

    def change(self, **columns: Any) -> None:
        """Another first row."""
        first, *rest = self.table.to_pylist()
        self.write(pa.Table.from_pylist([{**first, **columns}, *rest], schema=self.table.schema))

    def look(self, recipe: Recipe = LORA) -> Preflight:
        return preflight(self.root, self.record, self.models, self.night, recipe)


@pytest.fixture
def mixed(tmp_path: Path, record: Record) -> Mixed:
    return Mixed(tmp_path, record)


def said(report: Preflight) -> str:
    """Its only fault."""
    (fault,) = report.faults
    sentence = fault_sentence(fault)
    assert "\n" not in sentence
    kind = Unavailable if fault.kind in ("memory", "disk") else Refused
    with pytest.raises(kind) as refused:
        refuse_faults(report)
    assert str(refused.value) == sentence
    return sentence


def test_a_mixture_without_a_fault_is_counted(mixed: Mixed) -> None:
    (mixed.root / MIXTURE / LEFT_OUT).write_text(
        '{"external_id": "x", "reason": "there is nothing to learn"}\n'
        '{"external_id": "y", "reason": "it waits (ada)"}\n'
        '{"external_id": "z", "reason": "it waits (bea)"}\n'
    )
    report = mixed.look()
    refuse_faults(report)
    assert (report.rows, report.steps, report.precision, report.faults) == (10, 5, "fp32", ())
    assert report.left_out == {"it waits": 2, "there is nothing to learn": 1}
    assert report.tokens == sum(map(len, mixed.table["input_ids"].to_pylist())) > report.labels > 0
    assert from_json(Preflight, as_json(report), "report", "") == report
    text = "\n".join(preflight_lines(replace(report, seconds=7300.0)))
    for words in ("10 rows of", "5 steps", "2 examples left out: it waits", "0.2 million weights in fp32", "2.0 h"):
        assert words in text


def test_weights_that_are_gone_are_named_before_the_training(mixed: Mixed) -> None:
    (mixed.base / "model.safetensors").unlink()
    with pytest.raises(NotFound, match=r"holds no weights \(\*.safetensors\)"):
        mixed.look()


def test_rows_that_teach_nothing_are_a_fault(mixed: Mixed) -> None:
    mixed.change(labels=[IGNORED] * len(mixed.table["labels"][0]))
    assert "1 of 10 rows (the first is row 1) have no token that is learnt" in said(mixed.look())


def test_an_answer_without_an_end_is_a_fault(mixed: Mixed) -> None:
    labels = mixed.table["labels"][0].as_py()
    mixed.change(input_ids=mixed.table["input_ids"][0].as_py()[:-1], labels=labels[:-1])
    assert "1 of 10 rows (the first is row 1) don't end with end-of-sequence" in said(mixed.look())


def test_a_row_longer_than_the_context_is_a_fault(mixed: Mixed) -> None:
    ids, labels = mixed.table["input_ids"][0].as_py(), mixed.table["labels"][0].as_py()
    mixed.change(input_ids=[ids[0]] * 300 + ids, labels=[IGNORED] * 300 + labels)
    assert "longer than the model's context" in said(mixed.look())


def test_no_rows_are_a_fault(mixed: Mixed) -> None:
    mixed.write(mixed.table.slice(0, 0))
    assert "there is nothing to train on" in said(mixed.look())


def test_a_template_that_serving_renders_otherwise_is_a_fault(mixed: Mixed, monkeypatch: pytest.MonkeyPatch) -> None:
    class Drifted(Inline):
        def render(self, view: Any) -> Any:
            return super().render(replace(view, title="Another title"))

    class DriftedTask(ChapterTask):
        """Served by a template that has changed since."""

        def __init__(self, served: Any, tokenizer: Any, context: int) -> None:
            super().__init__(Drifted(), tokenizer, context)

    served = module.Decoder
    monkeypatch.setattr(
        module, "Decoder", lambda tokens, size, task: served(tokens, size, DriftedTask(None, tokens, task.context))
    )
    assert "8 of 8 talks looked at would be asked in other tokens" in said(mixed.look())


@pytest.mark.parametrize("template", ["borders", "indexed", "timestamps", "json", "inline"])
def test_no_template_drifts_as_it_is(template: str) -> None:
    task = chapter_task(Card(template, 512), make_tokenizer(spaced=template == "inline"))
    decoder = module.Decoder(task.tokenizer, len(task.tokenizer), task)
    assert not module._has_drifted(row(1), task, decoder)


def test_a_mark_that_is_weighed_in_other_tokens_is_a_drift() -> None:
    task = chapter_task(Card("borders", 512), make_tokenizer(spaced=False))
    (example, *_) = examples(
        task, row(1).read_transcript(), Reading.of(row(1).read_chapters(), row(1).read_transcript())
    )
    decoder = module.Decoder(task.tokenizer, len(task.tokenizer), task)
    assert not weighs_otherwise(task, decoder, example)
    other = replace(example, view=replace(example.view, title="Another title"))
    assert weighs_otherwise(task, decoder, replace(other, encoded=example.encoded))


def test_a_held_out_transcript_among_the_rows_is_a_fault(mixed: Mixed) -> None:
    with mixed.record.write() as store:
        talk = Transcript("held", (Segment(0.0, 9.0, "so today we talk"),), 9.0)
        store.transcripts.add(talk, role="sealed")
    mixed.trained_on(talk.hash, "b" * 64)
    assert f"1 transcript of what is to be trained on is held out (the first is {talk.hash[:12]}" in said(mixed.look())


def test_too_little_memory_and_too_little_disk_are_faults(mixed: Mixed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_memory", lambda: 10_000_000)
    assert "training needs about 6" in said(mixed.look()) and "10.0 MB are free" in said(mixed.look())
    monkeypatch.setattr(module, "free_memory", lambda: 10**12)
    monkeypatch.setattr(module, "free_bytes", lambda _: 1000)
    assert "of checkpoints and model and 1.0 kB are free" in said(mixed.look())


def test_what_learns_is_counted_as_peft_makes_it(mixed: Mixed) -> None:
    from retrain.backends.start import Start
    from retrain.backends.transformers_backend import transformers_model

    shape = ModelShape.of_folder(mixed.base)
    for recipe in (LORA, replace(LORA, layers=1), replace(LORA, method="full")):
        model = transformers_model(Start(mixed.base, None), recipe)
        learning = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        assert learning_weights(shape, recipe) == learning
    small, large = (training_memory(shape, LORA, "fp32", longest, 60) for longest in (100, 10_000))
    full = training_memory(shape, replace(LORA, method="full"), "fp32", 100, 60)
    assert small < full < large


def test_a_part_of_a_model_takes_less_memory_the_more_parts_there_are() -> None:
    shape = ModelShape(
        parameters=300, linear=200, layers=4, attention=1, vocabulary=1, hidden=1, feed_forward=1, adapted=()
    )
    assert shape.shared_out(2, 4) == 16 * 150 - 8 * 150, "gathered: 50 of a block's and 100 of none's, and gradients"
    assert shape.shared_out(4, 4) == 16 * 225 - 8 * 150
    assert shape.shared_out(4, 2) == 16 * 225 - 4 * 150


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 s"), (700, "12 min"), (9000, "2.5 h")])
def test_a_duration_is_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words
