"""A file of segment masses gives scores, or one sentence that names what to mend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.errors import BadInput
from evaluation.score_masses import score_masses


def pair(name: object, reference: object, hypothesis: object) -> dict:
    return {"id": name, "ref_masses": reference, "hyp_masses": hypothesis}


def scored(folder: Path, value: object) -> dict:
    path = folder / "masses.json"
    path.write_text(json.dumps(value), "utf-8")
    return score_masses(path)


def test_pairs_and_their_mean(tmp_path):
    rows = [pair("same", [5, 5], [5, 5]), pair(2, [5, 5], [6, 4])]
    result = scored(tmp_path, rows)
    assert result.pairs["same"] == {"pk": 0, "windowdiff": 0, "boundary_similarity": 1}
    assert result.pairs["2"] == {"pk": 0.25, "windowdiff": 0.25, "boundary_similarity": 0.5}
    assert result.mean == {"pk": 0.125, "windowdiff": 0.125, "boundary_similarity": 0.75}
    assert (result.left_out, result.n_t) == ({}, 2)
    assert scored(tmp_path, {"pairs": rows, "meta": "is ignored"}) == result


def test_what_is_not_defined_has_its_reason_and_the_others_are_scored(tmp_path):
    result = scored(tmp_path, [pair("two", [1, 1], [2]), pair("b", [5, 5], [6, 4])])
    assert result.pairs["two"]["windowdiff"] is None
    assert list(result.not_defined["two"]) == ["windowdiff"]
    assert "window" in result.not_defined["two"]["windowdiff"]
    assert (result.mean["windowdiff"], result.left_out) == (0.25, {"windowdiff": 1})


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([], "masses.json must hold a list"),
        ({"pair": []}, "masses.json must hold a list"),
        (5, "masses.json must hold a list"),
        ([5], "masses.json, pair 1 must be a JSON object, not 5"),
        ([{"ref_masses": [1]}], "masses.json, pair 1 has no id"),
        ([pair(True, [1], [1])], "pair 1 has no id"),
        ([pair("a", [1], [1]), pair("a", [1], [1])], "two pairs with the id 'a'"),
        ([pair("a", 5, [5])], "pair 'a': ref_masses must be a list, not 5"),
        ([pair("a", [5], None)], "pair 'a': hyp_masses must be a list, not None"),
        ([pair("a", [5], [])], "pair 'a': hyp_masses is a list of nothing; give"),
        ([pair("a", [5, 0], [5])], "pair 'a': ref_masses holds 0"),
        ([pair("a", [5], [2.5, 2.5])], "pair 'a': hyp_masses holds 2.5"),
        ([pair("a", [True], [1])], "pair 'a': ref_masses holds True"),
        ([pair("a", [10**20], [10**20])], "pair 'a': ref_masses has 100000000000000000000 units"),
        ([pair("a", [3, 4], [3, 3])], "masses.json, pair 'a': the reference has 7 units and the hypothesis 6"),
    ],
)
def test_what_can_not_be_used_is_named(tmp_path, value, sentence):
    with pytest.raises(BadInput) as caught:
        scored(tmp_path, value)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values, st.sampled_from(["id", "ref_masses", "hyp_masses", None]))
def test_any_json_is_scored_or_refused(tmp_path, value, place):
    row = pair("a", [2, 3], [5])
    try:
        result = scored(tmp_path, value if place is None else [row | {place: value}])
    except BadInput as error:
        assert str(error)
    else:
        assert 0 <= result.mean["pk"] <= 1
