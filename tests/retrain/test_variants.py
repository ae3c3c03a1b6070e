"""Which variants of the rows an ablation trains on."""

from __future__ import annotations

import pytest

from errata.documents.params import AugmentParams, alteration_names
from errata.errors import BadInput
from retrain.variants import SHARE, template_variants, variants

PARAMS = AugmentParams(0.2, 7, {"sponsor": 0.1})


def test_each_alone_all_and_all_but_each() -> None:
    made = variants(PARAMS, ["sponsor", "intro", "unpunctuated"])
    assert list(made) == [
        *("none", "params.yaml", "sponsor", "intro", "unpunctuated", "all"),
        *("all but sponsor", "all but intro", "all but unpunctuated"),
    ]
    altered = {name: variant.augmentation for name, variant in made.items()}
    assert (altered["none"].share, altered["none"].alterations) == (0.0, {}) and altered["params.yaml"] == PARAMS
    assert altered["sponsor"].alterations == {"sponsor": 0.1}, "its own share"
    assert altered["all but sponsor"].alterations == {"intro": SHARE, "unpunctuated": SHARE}
    assert {params.share for name, params in altered.items() if name != "params.yaml"} == {0.0}
    assert {variant.template for variant in made.values()} == {""}


def test_templates_are_compared_on_rows_without_copies_the_models_own_first() -> None:
    made = template_variants(PARAMS, "borders", ["borders+times", "borders"])
    assert list(made) == [variant.template for variant in made.values()] == ["borders", "borders+times"]
    assert {variant.augmentation.share for variant in made.values()} == {0.0}


def test_what_would_come_twice_is_tried_once() -> None:
    assert list(variants(PARAMS, ["intro"])) == ["none", "params.yaml", "intro"]
    assert list(variants(PARAMS, ["intro", "sponsor"])) == ["none", "params.yaml", "intro", "sponsor", "all"]


def test_a_misspelt_alteration_is_answered_by_what_is_meant() -> None:
    assert alteration_names(["intro", "sponsor"]) == ["intro", "sponsor"]
    with pytest.raises(BadInput, match=r"no alteration 'sponsors' \(do you mean sponsor\?\); take one of unpunctuated"):
        alteration_names(["sponsors"])
