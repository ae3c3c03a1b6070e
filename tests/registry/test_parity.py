"""Parity: what counts as the same answer, and that every answer goes through the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.documents.document import as_json
from errata.documents.engine_agreement import AnswerAgreement
from errata.documents.parity import ParityReport
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import Correction, Label
from errata.domain.transcript import Segment, Transcript
from errata.errors import NotFound
from errata.inference.artefact import verify
from errata.inference.engine import EngineFault
from errata.inference.load import same_weights
from errata.tasks.limits import VERSION
from registry import parity
from registry.engine_agreement import agreement
from registry.export.server import export_server
from registry.parity import LabelledItem, compare_f1, measure
from registry.policy import SMALL


def chapters(*starts: float, title: str = "a") -> Chapters:
    return tuple(Chapter(float(start), title) for start in starts)


ANSWERS = st.lists(
    st.lists(st.sampled_from([0.0, 10.0, 20.0, 30.0]), unique=True).map(lambda starts: chapters(*sorted(starts))),
    min_size=1,
    max_size=6,
)


def test_agreement_counts_answers_starts_and_titles() -> None:
    original = [chapters(0, 10), chapters(0, 20), chapters(), chapters(5)]
    exported = [chapters(0, 10), chapters(0, 20, title="b"), chapters(), chapters(6)]
    assert agreement(original, exported) == AnswerAgreement(answers=50.0, starts=100 * 4 / 6, titles=50.0)


def test_agreement_of_nothing_is_undefined() -> None:
    assert agreement([], []) == AnswerAgreement(None, None, None)
    assert agreement([()], [()]) == AnswerAgreement(100.0, None, None)
    with pytest.raises(ValueError, match="shorter"):
        agreement([()], [])


@given(original=ANSWERS)
def test_a_model_agrees_with_itself(original: list[Chapters]) -> None:
    assert agreement(original, original).answers == 100.0
    assert agreement(original, original).starts in (100.0, None)


@given(pairs=st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1).map(lambda some: some[0]))
def test_agreement_has_no_side(pairs: tuple[list[Chapters], list[Chapters]]) -> None:
    size = min(map(len, pairs))
    one, two = (answers[:size] for answers in pairs)
    assert agreement(one, two) == agreement(two, one)


def test_f1_is_the_export_s_minus_the_original_s() -> None:
    items = [LabelledItem(chapters(0, 30), 60.0, "seconds", cluster) for cluster in "xy"]
    worse = compare_f1(items, [chapters(0, 30)] * 2, [chapters(0)] * 2)
    assert worse.mean_old == 100.0 and worse.effect is not None and worse.effect < 0 and worse.n == 2
    assert compare_f1(items, [chapters(0)] * 2, [chapters(0, 30)] * 2).effect == -worse.effect
    assert compare_f1([], [], []).n == 0


# with models ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def labels(record: Record) -> list[Label]:
    lines = ["so today we talk", "about gardens and soil", "then the weather", "and a question", "from the audience"]
    with record.write() as store:
        for number in range(3):
            segments = tuple(
                Segment(10.0 * index, 10.0 * index + 9, f"{line} {number}") for index, line in enumerate(lines)
            )
            seq = store.transcripts.add(Transcript(f"t{number}", segments, 60.0, channel=f"c{number % 2}"), "train").seq
            store.corrections.add(Correction(seq, "edit", chapters(0, 20), "ann", "page", identity=f"{number}" * 64))
        return store.labels.between(0, store.watermark())


@pytest.fixture(scope="module")
def server(adapter: Path, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exports") / "server"
    export_server(adapter, models, out)
    return out


def test_an_export_is_scored_against_its_model_and_each_is_asked_once(
    record: Record, labels: list[Label], server: Path, adapter: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[None] = []
    found = measure(record, models, adapter, {"server": server}, labels, lambda: asked.append(None)).whole()
    assert len(asked) == 6
    assert found["server"].model == verify(server)
    assert found["server"].agreement.answers == 100.0
    assert found["server"].f1.effect == 0.0 and found["server"].f1.n == 3 and found["server"].f1.clusters == 2
    assert found["server"].size == sum(path.stat().st_size for path in server.iterdir())
    json.dumps(as_json(ParityReport(found)), allow_nan=False)
    assert SMALL.guardrail("parity_server", found["server"].f1).effect == 0.0
    with record.read() as store:
        assert store.counts()["predictions"] == 6
        assert store.predictions.find(labels[0].transcript, verify(server), f"inline@1 limits@{VERSION}") is not None

    monkeypatch.setattr("errata.inference.model.load", lambda *_: pytest.fail("a known answer was asked for again"))
    assert measure(record, models, adapter, {"server": server}, labels).whole() == found


def test_an_export_that_its_runtime_does_not_run_is_named_and_the_others_are_scored(
    record: Record, labels: list[Label], server: Path, adapter: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ONNX Runtime GenAI once did not go on with a Gemma 3 in the middle of a night."""
    answers = parity.recorded_answers

    def runs(record: Record, models: Path, folder: Path, *others: Any) -> list[Chapters]:
        if folder.name == "device":
            raise EngineFault("ONNX Runtime GenAI can't go on with its model: Cannot rewind")
        return answers(record, models, folder, *others)

    monkeypatch.setattr(parity, "recorded_answers", runs)
    exports = {"device": server.with_name("device"), "server": server}
    measured = measure(record, models, adapter, exports, labels)
    assert measured.parities == measure(record, models, adapter, {"server": server}, labels).whole()
    with pytest.raises(EngineFault, match="Cannot rewind"):
        measured.whole()
    assert measured.reasons() == {"device": "ONNX Runtime GenAI can't go on with its model: Cannot rewind"}


def test_an_export_of_equal_weights_is_tried_on_a_few_and_any_other_is_asked_everything(
    record: Record, labels: list[Label], server: Path, adapter: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.parity.TRIED", 1)
    found = measure(record, models, adapter, {"server": server}, labels).whole()["server"]
    assert found.agreement.answers == 100.0 and found.f1.n == 3
    with record.read() as store:
        assert store.counts()["predictions"] == 4
    monkeypatch.setattr("registry.parity.same_weights", lambda *_: False)
    assert measure(record, models, adapter, {"server": server}, labels).whole()["server"] == found
    with record.read() as store:
        assert store.counts()["predictions"] == 6


def test_weights_are_the_same_only_to_the_bit(server: Path, adapter: Path, base: Path, models: Path) -> None:
    assert same_weights(adapter, server, models)
    assert not same_weights(base, server, models)


def test_another_model_does_not_agree(
    record: Record, labels: list[Label], server: Path, base: Path, models: Path
) -> None:
    found = measure(record, models, base, {"server": server}, labels).whole()["server"]
    assert found.agreement.answers is not None and found.agreement.answers < 100.0


def test_without_items_nothing_is_measured(record: Record, server: Path, adapter: Path, models: Path) -> None:
    found = measure(record, models, adapter, {"server": server}, []).whole()["server"]
    assert found.f1.n == 0 and found.f1.effect is None and found.agreement == AnswerAgreement(None, None, None)


def test_a_changed_export_is_not_scored(
    record: Record, labels: list[Label], base: Path, models: Path, tmp_path: Path
) -> None:
    export_server(base, models, tmp_path / "server")
    (tmp_path / "server" / "config.json").write_text("{}")
    with pytest.raises(NotFound, match=r"config\.json"):
        measure(record, models, base, {"server": tmp_path / "server"}, labels)
