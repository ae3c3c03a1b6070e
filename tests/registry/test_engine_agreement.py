"""Whether llama.cpp answers as transformers does: token ids, greedy answers, and the first difference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import errata
from errata.database.record import Record
from errata.documents.document import as_json, from_json
from errata.documents.engine_agreement import (
    AgreementReport,
    AnswerAgreement,
    EngineAgreement,
    FirstDifference,
    OtherLine,
    TokenAgreement,
)
from errata.domain.chapter import Chapter, Chapters
from errata.inference.artefact import verify
from errata.wording.agreement_sentences import agreement_sentence
from registry.engine_agreement import first_difference, measure
from registry.export.gguf_export import export_gguf
from tests.made_up_record import talk

pytest.importorskip("gguf")
TINY = Path(errata.__file__).parent / "tiny"


def chapters(*starts: float, title: str = "a") -> Chapters:
    return tuple(Chapter(start, title) for start in starts)


@pytest.mark.parametrize(
    ("original", "exported", "found"),
    [
        ([chapters(0), chapters(0, 9)], [chapters(0), chapters(0, 9)], None),
        ([chapters(0), chapters(0, 9)], [chapters(0), chapters(0, 7)], FirstDifference(4, 1, 9, 7)),
        ([chapters(0), chapters(0, 9)], [chapters(0), chapters(0)], FirstDifference(4, 1, 9, None)),
        ([chapters(), chapters(0)], [chapters(5), chapters(0)], FirstDifference(3, 0, None, 5)),
        ([chapters(0), chapters()], [chapters(0, title="b"), chapters(3)], FirstDifference(3, 0, 0, 0)),
    ],
)
def test_the_first_difference_is_named(
    original: list[Chapters], exported: list[Chapters], found: FirstDifference | None
) -> None:
    assert first_difference([3, 4], original, exported) == found


def agreed(tokens: TokenAgreement | None, starts: float | None, difference: FirstDifference | None) -> EngineAgreement:
    return EngineAgreement("m" * 64, "llama.cpp", tokens, 8, AnswerAgreement(87.5, starts, 100.0), difference)


def test_what_was_found_is_said_in_a_sentence() -> None:
    same = TokenAgreement(10, 10)
    assert agreement_sentence(agreed(same, 97.0, None)) == (
        "the same tokens on 10 of 10 lines; 88 % of 8 answers are the same to the letter"
    )
    for difference, words in (
        (FirstDifference(3, 1, 9.5, None), "talk 3 is the first that differs, in chapter 2: 9.5 against no chapter"),
        (FirstDifference(3, 0, 0.0, 0.0), "talk 3 is the first that differs, in chapter 1: its title"),
    ):
        assert agreement_sentence(agreed(same, 97.0, difference)).endswith(words)
    assert "not installed" in agreement_sentence(agreed(None, 97.0, None))


def test_the_report_is_read_as_it_was_written() -> None:
    report = AgreementReport(
        {"gguf": agreed(TokenAgreement(9, 8, OtherLine(2, 1)), 97.0, FirstDifference(3, 0, 1, None))}
    )
    assert from_json(AgreementReport, json.loads(json.dumps(as_json(report))), "it", "mend it") == report


def test_an_export_of_errata_tiny_agrees(record: Record, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    with record.write() as store:
        transcripts = [store.transcripts.add(talk(name, lines=5)).seq for name in "ab"]
    export_gguf(TINY, tmp_path / "gguf", "f16")
    asked: list[None] = []
    found = measure(record, tmp_path, TINY, tmp_path / "gguf", transcripts, lambda: asked.append(None))
    assert found.model == verify(tmp_path / "gguf") and found.engine == "llama.cpp" and found.talks == 2
    assert found.tokens == TokenAgreement(10, 10) and found.answers.answers == 100.0 and found.difference is None
    assert len(asked) == 4


def test_without_llama_cpp_the_file_s_weights_are_compared(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errata.inference.load.find_spec", lambda _: None)
    with record.write() as store:
        transcripts = [store.transcripts.add(talk("a", lines=4)).seq]
    export_gguf(TINY, tmp_path / "gguf", "f16")
    found = measure(record, tmp_path, TINY, tmp_path / "gguf", transcripts)
    assert found.engine == "transformers" and found.tokens is None and found.answers.answers == 100.0
