"""SODA equals the golden scores, and its matching is the best that never crosses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from evaluation.metrics import overlap, soda

SIDES = ("precision", "recall", "f1")


def overlaps(case: dict) -> overlap.Array:
    reference, prediction = (
        overlap.spans(tuple(Chapter(float(row["start"]), row["title"]) for row in case[side]), case["duration"])
        for side in ("reference", "prediction")
    )
    return overlap.iou(reference, prediction)


@pytest.fixture(scope="module")
def golden(shared: Path) -> list[dict]:
    return json.loads((shared / "reference" / "golden_scores.json").read_text("utf-8"))["cases"]


def test_soda_d_equals_the_golden_scores(golden):
    for case in golden:
        wanted = [case["scores"]["soda_d"][side] for side in SIDES]
        assert soda.precision_recall_f1(overlaps(case)) == pytest.approx(wanted, rel=0, abs=1e-9), case["id"]


def test_soda_c_equals_the_golden_scores_on_their_meteor(golden):
    """The golden METEOR is rounded to six digits, and so are the percents that come of it, to four."""
    compared = 0
    for case in golden:
        if "meteor_matrix_ref_x_pred" in case["scores"]:
            wanted = [case["scores"]["soda_c"][side] for side in SIDES]
            found = soda.precision_recall_f1(overlaps(case) * np.array(case["scores"]["meteor_matrix_ref_x_pred"]))
            assert found == pytest.approx(wanted, rel=0, abs=1e-4), case["id"]
            compared += 1
    assert compared == 34


def test_a_small_example_by_hand():
    weights = np.array([[0.5, 0.0, 0.9], [0.4, 0.0, 0.0]])
    assert soda.best_in_order(weights) == 0.9  # 0.9 and 0.4 would cross
    assert soda.precision_recall_f1(weights) == pytest.approx((30, 45, 36))


def test_a_side_without_chapters_scores_0():
    assert soda.precision_recall_f1(np.zeros((3, 0))) == soda.precision_recall_f1(np.zeros((0, 3))) == (0, 0, 0)


def test_lists_too_long_for_recursion_are_scored():
    assert soda.best_in_order(np.eye(2_000)) == 2_000


weights = st.integers(0, 4).flatmap(
    lambda columns: st.lists(
        st.lists(st.integers(0, 9).map(float), min_size=columns, max_size=columns), min_size=0, max_size=4
    ).map(lambda rows: np.array(rows, dtype=float).reshape(len(rows), columns))
)


def best_by_trying(table: np.ndarray) -> float:
    if not table.size:
        return 0.0
    rest = best_by_trying(table[1:])
    return max(rest, *(table[0, column] + best_by_trying(table[1:, column + 1 :]) for column in range(table.shape[1])))


@given(weights)
def test_the_matching_is_the_best_of_all(table):
    assert soda.best_in_order(table) == best_by_trying(table)


# F1 = 2PR / (P + R) is rounded three times, by half an epsilon each: three steps stay below two epsilons.
F1_ROUNDED = 1 + 2 * sys.float_info.epsilon


@given(weights)
@example(np.diag([0.0, 6.0, 1.0]))  # whose F1 is one rounding above its precision and recall
def test_soda_keeps_its_bounds_and_mirrors(table):
    precision, recall, f1 = soda.precision_recall_f1(table / 9)
    assert 0 <= f1 <= max(precision, recall) * F1_ROUNDED
    assert max(precision, recall) <= 100 + 1e-9
    assert soda.precision_recall_f1(table.T / 9) == pytest.approx((recall, precision, f1))


@given(st.lists(st.integers(0, 99), min_size=1, max_size=8, unique=True))
def test_the_reference_itself_is_perfect(starts):
    spans = overlap.spans(tuple(Chapter(float(start), "") for start in starts), 100.0)
    assert soda.precision_recall_f1(overlap.iou(spans, spans)) == pytest.approx((100, 100, 100))
