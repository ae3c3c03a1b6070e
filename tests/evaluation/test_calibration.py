"""How sure a model may be taken to be: measured on reviewed borders, and mapped by what they show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.documents.calibration import (
    FEWEST_BORDERS,
    FEWEST_ITEMS,
    Calibration,
    CalibrationPoint,
    Calibrations,
    IsotonicMap,
    PlattMap,
)
from errata.documents.document import as_json, from_json
from errata.domain.correction import NO_DRAFT
from errata.domain.hashing import content_hash
from errata.domain.prediction import Prediction
from errata.inference.model import answer_key
from errata.wording.calibration_sentences import calibration_sentences
from evaluation.calibration import (
    ISOTONIC_FROM,
    ReviewedBorder,
    expected_calibration_error,
    fit_calibration,
    fit_map,
    model_calibration,
)
from evaluation.items import ScoredModel
from tests.made_up_borders import borders
from tests.made_up_model import make_model
from tests.made_up_record import chapters, correction, talk

probabilities = st.floats(0, 1, allow_nan=False)


@given(
    st.lists(st.tuples(probabilities, st.booleans()), min_size=2, max_size=60),
    st.lists(probabilities, min_size=2, max_size=20),
)
def test_a_line_never_turns_two_borders_round_and_stays_a_probability(
    reviewed: list[tuple[float, bool]], asked: list[float]
) -> None:
    fitted = fit_map(np.array([held for held, _ in reviewed]), np.array([kept for _, kept in reviewed]))
    assert isinstance(fitted, PlattMap)
    mapped = [fitted.apply(each) for each in sorted(asked)]
    assert mapped == sorted(mapped) and all(0 <= each <= 1 for each in mapped)


@given(st.integers(0, 2**32 - 1), st.lists(probabilities, min_size=2, max_size=50))
def test_steps_never_turn_two_borders_round_and_are_never_certain(seed: int, asked: list[float]) -> None:
    draw = np.random.default_rng(seed)
    held = draw.random(ISOTONIC_FROM).round(2)
    fitted = fit_map(held, draw.random(ISOTONIC_FROM) < held**2)
    assert isinstance(fitted, IsotonicMap)
    mapped = [fitted.apply(each) for each in sorted(asked)]
    assert mapped == sorted(mapped) and all(0 < each < 1 for each in mapped)


def test_steps_are_straight_in_between() -> None:
    steps = IsotonicMap("isotonic", tuple(CalibrationPoint(*each) for each in ((0.2, 0.1), (0.4, 0.1), (0.8, 0.5))))
    assert [steps.apply(each) for each in (0.0, 0.2, 0.3, 0.4, 0.8, 1.0)] == pytest.approx(
        [0.1, 0.1, 0.1, 0.1, 0.5, 0.5]
    )
    assert steps.apply(0.6) == pytest.approx(0.3)


def test_the_error_is_what_it_is_by_hand() -> None:
    """Two bins of ten: 0.2 held and 3 right, 0.9 held and 6 right; (|2 − 3| + |9 − 6|) / 20."""
    held = [0.2] * 10 + [0.9] * 10
    right = [True] * 3 + [False] * 7 + [True] * 6 + [False] * 4
    assert expected_calibration_error(held, right) == pytest.approx(0.2)
    assert expected_calibration_error(held[::-1], right[::-1]) == pytest.approx(0.2)
    assert expected_calibration_error([0.7] * 9, [True] * 9) == pytest.approx(0.3)


@given(st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=80), st.randoms(use_true_random=False))
def test_the_error_is_a_share_whatever_the_order(reviewed: list[tuple[float, bool]], random) -> None:
    error = expected_calibration_error(*zip(*reviewed, strict=True))
    random.shuffle(reviewed)
    assert 0 <= error <= 1
    assert expected_calibration_error(*zip(*reviewed, strict=True)) == pytest.approx(error)


@pytest.mark.parametrize(("count", "kind"), [(400, "platt"), (2000, "isotonic")])
def test_a_model_that_is_too_sure_is_put_right(count: int, kind: str) -> None:
    found = fit_calibration("m" * 64, borders(count), seed=0)
    assert found.map is not None and found.map.kind == kind
    assert found.as_given is not None and found.calibrated is not None
    assert found.as_given.ece > 0.15 and found.calibrated.ece < 0.5 * found.as_given.ece
    low, high = found.as_given.low, found.as_given.high
    assert low is not None and high is not None and 0 <= low <= found.as_given.ece <= high
    assert found.as_given.chance < 0.06
    assert sum(each.borders for each in found.as_given.bins) == count == found.borders
    assert [each.confidence for each in found.as_given.bins] == sorted(each.confidence for each in found.as_given.bins)
    assert found.apply((0.9, None)) == (pytest.approx(found.map.apply(0.9), abs=1e-4), None)


def test_a_map_is_measured_on_channels_that_it_was_not_fitted_to() -> None:
    """Where a channel's borders are all right or all wrong, no map of the others can know."""
    by_channel = [replace(each, right=int(each.cluster[8:]) % 2 == 0) for each in borders(600)]
    found = fit_calibration("m" * 64, by_channel, seed=0)
    assert found.calibrated is not None and found.calibrated.high is not None
    assert found.calibrated.high > 2 * found.calibrated.chance


@pytest.mark.parametrize(
    ("reviewed", "reason"),
    [
        ([], f"{FEWEST_BORDERS} in {FEWEST_ITEMS} are needed"),
        (borders(FEWEST_BORDERS - 1), "49 borders"),
        ([replace(each, transcript=1) for each in borders(200)], "1 talk;"),
        ([replace(each, right=True) for each in borders(200)], "kept all 200 borders"),
        ([replace(each, right=False) for each in borders(200)], "took away all 200 borders"),
    ],
)
def test_too_little_is_not_evaluable(reviewed: list[ReviewedBorder], reason: str) -> None:
    found = fit_calibration("m" * 64, reviewed, seed=0)
    assert found.map is None and found.as_given is None and found.calibrated is None
    assert found.apply((0.9, None)) == (0.9, None)
    (sentence,) = calibration_sentences(found)
    assert sentence.startswith("Not evaluable:") and reason in sentence


def test_channels_that_are_few_are_parted_by_talk_and_one_gives_no_interval() -> None:
    found = fit_calibration("m" * 64, [replace(each, cluster="one") for each in borders(300)], seed=0)
    assert found.clusters == 1 and found.as_given is not None
    assert (found.as_given.low, found.as_given.high) == (None, None)
    assert all(each.low is None for each in found.as_given.bins)
    assert "(" not in calibration_sentences(found)[1]


@pytest.mark.parametrize("count", [10, 400, 1500])
def test_a_document_is_read_as_it_was_written(count: int) -> None:
    made = Calibrations("2026-03-01", (fit_calibration("m" * 64, borders(count), seed=0),))
    assert from_json(Calibrations, as_json(made), "it", "mend it") == made
    assert made.of("m" * 64) is made.models[0] and made.of("x") is None


def scored(folder: Path, watermark: int = 0, seen: tuple[str, ...] = ()) -> ScoredModel:
    return ScoredModel("champion", make_model(folder, seen=seen), folder, watermark)


def review(record: Record, model: ScoredModel, name: str, starts: tuple[float, ...], blind: bool = False) -> str:
    """Of an answer with borders at 0, 40 and 80; what the reviewer leaves are `starts`. The talk's hash."""
    key = answer_key(model.identity, model.folder)
    with record.write() as store:
        seq = store.transcripts.add(talk(name, channel=f"channel {name}"), "train").seq
        sure = Prediction(seq, key.model, key.template, chapters(0, 40, 80), confidences=(0.9, 0.6, None))
        prediction = store.predictions.add(sure).seq
        event = correction(seq, chapters(*starts, by="Right"), prediction=prediction)
        drafted = replace(event, draft_by=NO_DRAFT if blind else model.identity, identity=content_hash([name]))
        store.corrections.add(drafted)
        return store.transcripts.hash_of(seq)


def test_borders_count_that_reviewers_kept_or_hardly_moved(record: Record, tmp_path: Path) -> None:
    model = scored(tmp_path / "m")
    review(record, model, "kept", (0, 40, 80))
    review(record, model, "moved", (0, 50, 80), blind=True)
    with record.read() as store:
        upto = store.watermark()
    found = model_calibration(record, model, upto, seed=0)
    assert (found.items, found.borders, found.right, found.blind, found.clusters) == (2, 4, 3, 2, 2)


def test_what_trained_a_model_says_nothing_of_it(record: Record, tmp_path: Path) -> None:
    model = scored(tmp_path / "m")
    seen = review(record, model, "seen", (0, 40, 80))
    review(record, model, "new", (0, 40, 80))
    with record.read() as store:
        upto = store.watermark()
    taught = replace(model, folder=tmp_path / "t")
    make_model(tmp_path / "t", seen=(seen,))
    assert model_calibration(record, model, upto, seed=0).items == 2
    assert model_calibration(record, taught, upto, seed=0).items == 1
    assert model_calibration(record, replace(model, watermark=upto), upto, seed=0).items == 0


def test_answers_from_before_confidences_are_left_out(record: Record, tmp_path: Path) -> None:
    model = scored(tmp_path / "m")
    key = answer_key(model.identity, model.folder)
    with record.write() as store:
        seq = store.transcripts.add(talk("old"), "train").seq
        store.predictions.add(Prediction(seq, key.model, key.template, chapters(0, 40)))
        store.corrections.add(correction(seq, chapters(0, 40)))
        upto = store.watermark()
    found = model_calibration(record, model, upto, seed=0)
    assert isinstance(found, Calibration) and found.borders == found.items == 0
