"""Which variants of the rows an ablation trains on."""

from __future__ import annotations

import pytest

from errata.documents.params import AugmentParams, alteration_names
from errata.errors import BadInput
from retrain.variants import SHARE, variants

PARAMS = AugmentParams(0.2, 7, {"sponsor": 0.1})


def test_each_alone_all_and_all_but_each() -> None:
    made = variants(PARAMS, ["sponsor", "intro", "unpunctuated"])
    assert list(made) == [
        *("none", "params.yaml", "sponsor", "intro", "unpunctuated", "all"),
        *("all but sponsor", "all but intro", "all but unpunctuated"),
    ]
    assert (made["none"].share, made["none"].alterations) == (0.0, {}) and made["params.yaml"] == PARAMS
    assert made["sponsor"].alterations == {"sponsor": 0.1}, "its own share"
    assert made["all but sponsor"].alterations == {"intro": SHARE, "unpunctuated": SHARE}
    assert {params.share for name, params in made.items() if name != "params.yaml"} == {0.0}


def test_what_would_come_twice_is_tried_once() -> None:
    assert list(variants(PARAMS, ["intro"])) == ["none", "params.yaml", "intro"]
    assert list(variants(PARAMS, ["intro", "sponsor"])) == ["none", "params.yaml", "intro", "sponsor", "all"]


def test_a_misspelt_alteration_is_answered_by_what_is_meant() -> None:
    assert alteration_names(["intro", "sponsor"]) == ["intro", "sponsor"]
    with pytest.raises(BadInput, match=r"no alteration 'sponsors' \(do you mean sponsor\?\); take one of unpunctuated"):
        alteration_names(["sponsors"])
