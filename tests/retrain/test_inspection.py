"""A training row as a person sees it: nothing of it is lost, and what is learnt stands apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from errata.cli.print_inspection import print_inspection
from errata.documents.inspected_row import InspectedRow
from errata.errors import BadInput, NotFound
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.tasks.templates import find
from retrain.inspection import inspect_row
from retrain.mix import encode_rows
from retrain.taught_rows import taught_table
from tests.made_up_model import make_tokenizer
from tests.made_up_recipe import LORA
from tests.made_up_stream import taught_stream
from tests.retrain.test_preflight import row

TOKENIZER = make_tokenizer(spaced=False)


def inspected(folder: Path, template: str, number: int = 1, **changes: float) -> InspectedRow:
    task = chapter_task(Card(template, 512), TOKENIZER)
    table = taught_table(encode_rows([row(1), replace(row(2), weight=0.5)], task)[0])
    pq.write_table(table, folder / "train.parquet")
    return inspect_row(folder / "train.parquet", number, replace(LORA, **changes), find(template), TOKENIZER)


def test_a_row_is_its_tokens_and_what_is_learnt_of_them(tmp_path: Path) -> None:
    seen = inspected(tmp_path, "indexed")
    text = "".join(token.text for token in seen.tokens)
    learnt = "".join(token.text for token in seen.tokens if token.learnt)
    assert text.startswith("Divide this transcript") and text.endswith(learnt)
    assert learnt == "0 Gardens 1\n3 Gardens 2\n<|eos|>"
    assert {token.weight for token in seen.tokens if not token.learnt} == {0.0}


def test_the_answer_to_a_mark_stands_beside_what_is_read_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = inspected(tmp_path, "borders")
    answers = [token.answer for token in seen.tokens if token.answer]
    assert answers and set(answers) <= {"-", "#", "\n\n"}
    print_inspection(seen, whole=True)
    assert "← #" in capsys.readouterr().out


def test_its_weights_are_those_that_training_uses(tmp_path: Path) -> None:
    entries = inspected(tmp_path, "indexed", entry_weight=3.0)
    assert [token.text for token in entries.tokens if token.weight == 3] == ["0", "3"]
    borders = inspected(tmp_path, "inline", border_weight=2.0)
    assert {token.text for token in borders.tokens if token.weight == 2} == {"<|new|>"}
    halved = inspected(tmp_path, "inline", number=2, border_weight=2.0)
    assert {token.weight for token in halved.tokens} == {0.0, 0.5, 1.0}


def test_it_is_printed_in_the_width_of_a_terminal_without_losing_a_letter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    seen = inspected(tmp_path, "indexed", entry_weight=3.0)
    print_inspection(seen, whole=True)
    lines = capsys.readouterr().out.splitlines()
    assert "row 1 of 2" in lines[0] and max(map(len, lines)) <= 80
    body = "".join(line[14:] for line in lines[3:]).replace("│", "").replace("×3", "").replace("⏎", "\n")
    assert body == "".join(token.text for token in seen.tokens)
    print_inspection(seen, whole=False)
    short = capsys.readouterr().out
    assert "more …" in short and "0×3│" in short


def test_a_row_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no row 3: the last night's mixture has the rows 1 to 2"):
        inspected(tmp_path, "inline", number=3)
    with pytest.raises(NotFound, match="no night has trained here yet"):
        inspect_row(tmp_path / "none", 1, LORA, find("inline"), TOKENIZER)


def test_what_is_seen_stands_where_it_is_read(tmp_path: Path) -> None:
    pq.write_table(taught_table([taught_stream("shard", [0, 0, 1], tokens=2)]), tmp_path / "train.parquet")
    seen = inspect_row(tmp_path / "train.parquet", 1, LORA, find("inline"), make_tokenizer())
    assert [token.text for token in seen.tokens].count("[video]") == 6
