"""The overlap and distance metrics equal the field's own evaluation code on the golden cases, and keep their bounds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, Chapters
from errata.errors import BadInput
from evaluation.items import equal_split
from evaluation.metrics import distance, overlap

# The golden code accumulates in float32, whose rounding is about 1e-7 of the value.
FLOAT32 = 1e-6


@pytest.fixture(scope="session")
def golden(shared: Path) -> list[dict]:
    cases = json.loads((shared / "reference" / "golden_scores.json").read_text("utf-8"))["cases"]
    assert len(cases) == 54
    return cases


def chapters(rows: list[dict]) -> Chapters:
    return tuple(Chapter(float(row["start"]), row["title"]) for row in rows)


def sides(case: dict) -> tuple[Chapters, Chapters, float]:
    return chapters(case["reference"]), chapters(case["prediction"]), case["duration"]


def overlaps(reference: Chapters, prediction: Chapters, duration: float) -> overlap.Array:
    return overlap.iou(overlap.segments(reference, duration), overlap.segments(prediction, duration))


def test_overlap_equals_the_golden_scores(golden):
    for case in golden:
        wanted = case["scores"]["overlap"]
        matrix = overlaps(*sides(case))
        found = overlap.precision_recall_f1(matrix)
        rows = [wanted["by_threshold"][f"{threshold:.2f}"] for threshold in overlap.THRESHOLDS]
        for got, row in zip([*found, found.mean(axis=0)], [*rows, wanted], strict=True):
            expected = [row["precision"], row["recall"], row["f1"]]
            assert got.tolist() == pytest.approx(expected, rel=FLOAT32, abs=1e-6), case["id"]
        assert overlap.tiou(matrix, overlap.matches(matrix)) == pytest.approx(wanted["avg_tiou"], rel=0, abs=1e-9), (
            case["id"]
        )
        assert matrix.shape == (wanted["n_ref_segments"], wanted["n_pred_segments"]), case["id"]
        assert abs(matrix.shape[0] - matrix.shape[1]) == wanted["chapter_count_abs_error"], case["id"]


def test_distances_equal_the_golden_scores(golden):
    undefined = []
    for case in golden:
        reference, prediction, _ = sides(case)
        wanted = case["scores"]["legacy_distance"]
        found = distance.precision_recall(reference, prediction, (1, 3, 5, 10, 30, 60))
        if found is None:
            assert "ZeroDivisionError" in wanted["error"]
            undefined.append(case["id"])
        else:
            assert_legacy(wanted, dict(zip(("1s", "3s", "5s", "10s", "30s", "60s"), found, strict=True)), case["id"])
    assert undefined == ["h08-single-ref"]


def test_legacy_overlaps_equal_the_golden_scores(golden):
    """They ask for more than the threshold, where F1 is content with it."""
    thresholds = (0.3, 0.5, 0.7, 0.9)
    for case in golden:
        more = np.nextafter(thresholds, 1)
        found = overlap.precision_recall_f1(overlaps(*sides(case)), more)[:, :2]
        assert_legacy(case["scores"]["legacy_overlap"], dict(zip(map(str, thresholds), found, strict=True)), case["id"])


def assert_legacy(wanted: dict, found: dict, name: str) -> None:
    """Upstream rounds precision and recall to two digits first, and makes F1 and the means of that."""
    columns: dict[str, list[float]] = {"Precision": [], "Recall": [], "F1": []}
    for limit, sides in found.items():
        precision, recall = (round(float(side), 2) for side in sides)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        for (side, column), value in zip(columns.items(), (precision, recall, f1), strict=True):
            assert value == pytest.approx(wanted[f"{side}@{limit}"], rel=0, abs=1e-9), name
            column.append(value)
    for side, column in columns.items():
        assert sum(column) / len(column) == pytest.approx(wanted[side], rel=0, abs=1e-9), name
    assert len(wanted) == 3 * len(found) + 3


def test_text_without_times_has_no_distance():
    with pytest.raises(BadInput, match="words"):
        distance.precision_recall((Chapter(5, ""),), (Chapter(5, ""),), unit="words")


def test_a_distance_of_exactly_d_is_not_within_d():
    reference, prediction = (Chapter(60, ""),), (Chapter(63, ""),)
    assert distance.precision_recall(reference, prediction, (3, 3.001)) == [(0.0, 0.0), (100.0, 100.0)]


def test_an_exact_tie_fails_its_threshold():
    matrix = overlaps((Chapter(0, ""),), (Chapter(0, ""), Chapter(50, "")), 100)
    assert matrix[0, 0] == pytest.approx(0.5)
    assert overlap.precision_recall_f1(matrix)[0].tolist() == [0, 0, 0]


def test_a_start_past_the_end_is_a_segment_without_length():
    segments = overlap.segments((Chapter(0, ""), Chapter(400, "")), 300)
    assert segments.tolist() == [[0, 300], [300, 300]]


def test_a_cold_open_is_a_segment_of_its_own():
    assert overlap.segments((Chapter(10, ""),), 30).tolist() == [[0, 10], [10, 30]]


def test_equal_splits():
    assert [chapter.start for chapter in equal_split(100, 4)] == [0, 25, 50, 75]


whole_chapters = st.lists(st.integers(0, 999), min_size=1, max_size=12, unique=True).map(
    lambda starts: tuple(Chapter(float(start), "") for start in starts)
)


@given(whole_chapters, whole_chapters)
def test_scores_keep_their_bounds_and_mirror(reference, prediction):
    matrix = overlaps(reference, prediction, 1000)
    scores = overlap.precision_recall_f1(matrix)
    mirrored = overlap.precision_recall_f1(overlaps(prediction, reference, 1000))
    assert ((scores >= 0) & (scores <= 100)).all()
    assert (scores[:, 2] <= scores[:, :2].max(axis=1) + 1e-9).all()
    assert mirrored[:, [1, 0, 2]] == pytest.approx(scores)
    assert 0 < overlap.tiou(matrix, overlap.matches(matrix)) <= 100
    there = distance.precision_recall(reference, prediction)
    back = distance.precision_recall(prediction, reference)
    assert there is None or back is None or there == [shares[::-1] for shares in back]


@given(whole_chapters)
def test_the_reference_itself_is_perfect(reference):
    matrix = overlaps(reference, reference, 1000)
    assert overlap.precision_recall_f1(matrix).min() == 100
    assert overlap.tiou(matrix, overlap.matches(matrix)) == pytest.approx(100)
    assert overlap.matches(matrix) == [(index, index) for index in _by_length(overlap.segments(reference, 1000))]


def _by_length(segments: overlap.Array) -> list[int]:
    """Greedy order of a perfect match: IoU falls a little with 1e-8 over the length, so the longest goes first."""
    matrix = overlap.iou(segments, segments)
    return sorted(range(len(segments)), key=lambda index: -matrix[index, index])


@given(whole_chapters, whole_chapters, st.randoms(use_true_random=False))
def test_the_order_of_chapters_does_not_matter(reference, prediction, random):
    shuffled = tuple(random.sample(prediction, len(prediction)))
    assert (overlaps(reference, shuffled, 1000) == overlaps(reference, prediction, 1000)).all()
