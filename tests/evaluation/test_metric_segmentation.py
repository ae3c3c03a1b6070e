"""Pk, WindowDiff and Boundary Similarity equal segeval's values (and nltk's, where the definitions meet)."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from evaluation.metrics import segmentation
from evaluation.metrics.segmentation import boundary_similarity, masses, window_errors, window_size


@pytest.fixture(scope="module")
def golden(shared: Path) -> list[dict]:
    pairs = json.loads((shared / "reference" / "golden_segmentation.json").read_text("utf-8"))["pairs"]
    assert len(pairs) == 62
    return pairs


def test_segeval_s_values(golden):
    for pair in golden:
        reference, hypothesis = pair["ref_masses"], pair["hyp_masses"]
        errors = window_errors(reference, hypothesis)
        assert window_size(reference) == pair["segeval_window"], pair["id"]
        assert errors.pk == pytest.approx(pair["segeval_pk"], rel=0, abs=1e-12), pair["id"]
        if isinstance(pair["segeval_windowdiff"], dict):
            assert "DivisionUndefined" in pair["segeval_windowdiff"]["error"]
            assert errors.windowdiff is None
        else:
            assert errors.windowdiff == pytest.approx(pair["segeval_windowdiff"], rel=0, abs=1e-12), pair["id"]
        for n_t in (2, 5, 10):
            wanted = pair[f"segeval_boundary_similarity_nt{n_t}"]
            assert boundary_similarity(reference, hypothesis, n_t) == pytest.approx(wanted, rel=0, abs=1e-12), pair[
                "id"
            ]


def test_lamprier_s_fix_is_windowdiff_between_borders_that_both_sides_have(golden):
    for pair in golden:
        size = window_size(pair["ref_masses"])
        padded = [[size, *pair[side], size] for side in ("ref_masses", "hyp_masses")]
        windows = sum(pair["ref_masses"]) + size
        found = window_errors(*padded, size).windowdiff * windows / (windows + 1)
        assert found == pytest.approx(pair["segeval_windowdiff_lamprier"], rel=0, abs=1e-12), pair["id"]


def test_nltk_s_values_are_those_of_a_text_one_unit_longer(golden):
    """nltk marks units, the last one too, and slides over marks: one window more, which ends behind the text."""
    for pair in golden:
        reference, hypothesis = ([*pair[side][:-1], pair[side][-1] + 1] for side in ("ref_masses", "hyp_masses"))
        size = window_size(pair["ref_masses"])
        found = window_errors(reference, hypothesis, size)
        assert found.pk == pytest.approx(pair["nltk_pk_at_segeval_window"], rel=0, abs=1e-12), pair["id"]
        assert found.windowdiff == pytest.approx(pair["nltk_windowdiff_at_segeval_window"], rel=0, abs=1e-12)
        default = round(sum(pair["ref_masses"]) / (2 * max(1, len(pair["ref_masses"]) - 1)))
        assert default == pair["nltk_default_k"], pair["id"]
        assert window_errors(reference, hypothesis, default).pk == pytest.approx(pair["nltk_pk"], rel=0, abs=1e-12)
        if pair["nltk_ref"] is not None:
            assert "".join("0" * (mass - 1) + "1" for mass in pair["ref_masses"])[:-1] + "0" == pair["nltk_ref"]


def test_segmentation_similarity_follows_from_the_same_edits(golden):
    """S counts the edits over all places where a boundary could be; B over the boundaries there are."""
    for pair in golden:
        ours, theirs = ({*places(pair[side])} for side in ("ref_masses", "hyp_masses"))
        near = segmentation.near_misses(ours - theirs, theirs - ours, 2)
        edits = len(ours ^ theirs) - 2 * len(near) + sum(near) / 2
        possible = sum(pair["ref_masses"]) - 1
        assert 1 - edits / possible == pytest.approx(pair["segeval_segmentation_similarity_nt2"], rel=0, abs=1e-12)


def places(masses: list[int]) -> list[int]:
    return [sum(masses[:index]) for index in range(1, len(masses))]


def test_a_near_miss_by_hand():
    errors = window_errors([5, 5], [6, 4])
    assert (window_size([5, 5]), errors.pk, errors.windowdiff) == (2, 2 / 8, 2 / 8)
    assert boundary_similarity([5, 5], [6, 4]) == 0.5
    assert boundary_similarity([5, 5], [7, 3]) == 0
    assert boundary_similarity([5, 5], [7, 3], 10) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "pk", "windowdiff", "similarity"),
    [
        ([20], [20], 0, 0, 1),
        ([5, 5, 5, 5], [20], 1 / 3, 1 / 3, 0),
        ([20], [5, 5, 5, 5], 1, 1, 0),
        ([1], [1], 0, 0, 1),
        ([2], [2], 0, None, 1),
        ([1, 1], [2], 0, None, 0),
    ],
)
def test_edges(reference, hypothesis, pk, windowdiff, similarity):
    errors = window_errors(reference, hypothesis)
    assert errors.pk == pytest.approx(pk)
    assert errors.windowdiff == (windowdiff if windowdiff is None else pytest.approx(windowdiff))
    assert boundary_similarity(reference, hypothesis) == similarity


@pytest.mark.parametrize("score", [window_errors, boundary_similarity])
def test_texts_of_different_lengths_are_refused(score):
    with pytest.raises(BadInput, match="the reference has 3 units and the hypothesis 4"):
        score([3], [4])


def test_windows_have_no_limit():
    hour = window_errors([1200, 1200, 1200], [1199, 1201, 1200])
    assert window_size([1200, 1200, 1200]) == 600
    assert hour.pk == hour.windowdiff == 2 / 3000
    ages = 10**12
    assert window_errors([ages, ages], [ages + 1, ages - 1]).pk == pytest.approx(2 / (1.5 * ages))


def test_half_a_window_goes_to_the_even_number():
    assert [window_size([mass]) for mass in (1, 5, 7, 9, 11)] == [2, 2, 4, 4, 6]


def test_chapters_become_whole_seconds():
    chapters = (Chapter(60.9, "b"), Chapter(0, "a"), Chapter(60.2, "c"), Chapter(500, "late"), Chapter(0.5, "d"))
    assert masses(chapters, 99.3) == [60, 40]
    assert masses((), 99.3) == [100]
    assert masses((), 0.2) == [1]


boundaries = st.integers(1, 30).flatmap(
    lambda total: st.tuples(
        *[st.sets(st.integers(1, max(1, total - 1)), max_size=8 if total > 1 else 0).map(sorted)] * 2, st.just(total)
    )
)
texts = boundaries.map(lambda drawn: tuple([b - a for a, b in pairwise([0, *side, drawn[2]])] for side in drawn[:2]))


def literal_errors(reference: list[int], hypothesis: list[int]) -> tuple[float, float | None]:
    """Unit by unit, as segeval counts."""
    size = window_size(reference)
    ours, theirs = ([index for index, mass in enumerate(side) for _ in range(mass)] for side in (reference, hypothesis))
    windows = [(ours[i + size] - ours[i], theirs[i + size] - theirs[i]) for i in range(len(ours) - size)]
    if not windows:
        return 0.0, None if len(ours) == 2 else 0.0
    return sum((a == 0) != (b == 0) for a, b in windows) / len(windows), sum(a != b for a, b in windows) / len(windows)


def literal_similarity(reference: list[int], hypothesis: list[int], n_t: int) -> float:
    """Place by place, as segeval edits boundaries."""
    ours, theirs = set(places(reference)), set(places(hypothesis))
    used: set[int] = set()
    moved = []
    for distance in range(1, n_t):
        for i in range(1, sum(reference) - distance):
            j = i + distance
            differ = (i in ours) != (i in theirs) and (j in ours) != (j in theirs) and (i in ours) != (j in ours)
            if differ and not {i, j} & used:
                used |= {i, j}
                moved.append(distance)
    missed = len(ours ^ theirs) - len(used)
    counted = missed + len(moved) + len(ours & theirs)
    return (counted - missed - sum(moved) / n_t) / counted if counted else 1.0


@given(texts, st.integers(2, 10))
def test_scores_are_the_definitions(text, n_t):
    errors = window_errors(*text)
    pk, windowdiff = literal_errors(*text)
    assert (errors.pk, errors.windowdiff) == (pytest.approx(pk), windowdiff and pytest.approx(windowdiff))
    assert boundary_similarity(*text, n_t) == pytest.approx(literal_similarity(*text, n_t))


@given(texts, st.integers(2, 10))
def test_bounds_symmetry_and_identity(text, n_t):
    reference, hypothesis = text
    errors = window_errors(reference, hypothesis)
    assert 0 <= errors.pk <= 1
    assert errors.windowdiff is None or errors.pk <= errors.windowdiff <= 1
    assert 0 <= boundary_similarity(reference, hypothesis, n_t) <= 1
    there, back = boundary_similarity(reference, hypothesis, n_t), boundary_similarity(hypothesis, reference, n_t)
    assert there == pytest.approx(back)
    itself = window_errors(reference, reference)
    assert (itself.pk, itself.windowdiff or 0.0, boundary_similarity(reference, reference, n_t)) == (0, 0, 1)
