"""What clusters cost, and the published table of sample sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.statistics.paired import by_cluster, cluster_se, deviation
from evaluation.statistics.size import (
    design_effect,
    effective_items,
    guardrail_power,
    measured_design_effect,
    required_items,
)


@pytest.mark.parametrize(
    ("sd", "needed"),
    [(15, (1392, 619, 348, 155, 56)), (20, (2474, 1100, 619, 275, 99)), (25, (3865, 1718, 967, 430, 155))],
)
def test_the_published_sample_sizes(sd, needed):
    assert tuple(required_items(sd, margin) for margin in (1, 1.5, 2, 3, 5)) == needed


def test_clusters_multiply_what_is_needed():
    assert design_effect(10, 0.2) == pytest.approx(2.8)
    assert required_items(20, 2, deff=2.8) == math.ceil(618.2556 * 2.8)
    assert design_effect(1, 0.9) == 1


def test_the_measured_design_effect_is_the_formula_s_where_that_holds():
    random = np.random.default_rng(1)
    icc, size, clusters = 0.2, 10, 2000
    shared = np.repeat(random.normal(size=clusters), size)
    values = (icc**0.5 * shared + (1 - icc) ** 0.5 * random.normal(size=clusters * size)).tolist()
    groups = by_cluster(values, [str(index // size) for index in range(len(values))])
    found = measured_design_effect(len(values), cluster_se(groups), deviation(values))
    assert found == pytest.approx(design_effect(size, icc), rel=0.07)
    assert effective_items(len(values), cluster_se(groups), deviation(values)) == pytest.approx(20_000 / 2.8, rel=0.07)


@given(st.integers(2, 5000), st.floats(1e-3, 50), st.floats(1e-3, 50))
def test_items_never_count_for_more_than_they_are(n, se, sd):
    assert 0 < effective_items(n, se, sd) <= n


def test_without_spread_every_item_counts():
    assert measured_design_effect(50, 0.0, 0.0) is None
    assert effective_items(50, 0.0, 0.0) == 50


def test_each_of_many_guardrails_needs_more_power():
    assert guardrail_power(0) == pytest.approx(0.8)
    assert guardrail_power(9) == pytest.approx(0.98)
    assert guardrail_power(9) ** 10 > 0.8
