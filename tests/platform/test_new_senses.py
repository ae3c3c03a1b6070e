"""A language model that begins to see: which senses there are, and that the same choice is the same Day-0."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from errata.errors import BadInput
from errata.inference.artefact import CONNECTORS, Card, Sense, seal
from errata.inference.load import load
from errata.loop.new_senses import check_senses_fit, find_senses, give_senses
from tests.made_up_model import make_model


def test_a_workspace_for_words_alone_is_begun_without_what_sees() -> None:
    asked = "import sys, errata.loop.init as begun; begun.find_senses(()); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_senses_by_extractor_and_rate() -> None:
    assert find_senses(()) == ()
    (heard,) = find_senses(["log-mel@2.5"])
    assert (heard.modality, heard.rate, heard.size, heard.tokens) == ("audio", 2.5, 128, 1)
    assert find_senses(["log-mel"])[0].rate == 1.0


@pytest.mark.parametrize(
    ("specs", "sentence"),
    [
        (["log-mel@fast"], "'fast' is no number of vectors a second"),
        (["log-mel@0"], "'0' is no number"),
        (["log-mel@inf"], "'inf' is no number"),
        (["log-mel@"], "'' is no number"),
        (["log-mell@1"], "there is no extractor 'log-mell'.*log-mel"),
        (["@1"], "there is no extractor ''"),
        (["log-mel@1", "cepstra@1"], "2 of log-mel@1, cepstra@1 take audio"),
    ],
)
def test_senses_that_can_not_be(specs: list[str], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        find_senses(specs)


def test_a_model_of_words_gets_connectors_and_the_same_ones_each_time(tmp_path: Path) -> None:
    make_model(tmp_path / "one")
    identities = []
    for name in ("two", "three"):
        shutil.copytree(tmp_path / "one", tmp_path / name)
        (tmp_path / name / "manifest.json").unlink()
        give_senses(tmp_path / name, find_senses(["log-mel@2"]))
        identities.append(seal(tmp_path / name))
    assert identities[0] == identities[1]
    before, after = Card.read(tmp_path / "one"), Card.read(tmp_path / "two")
    assert (before.senses, [sense.extractor for sense in after.senses]) == ((), ["log-mel@1"])
    assert (after.template, after.context, after.training_watermark) == (before.template, before.context, 12)
    assert (tmp_path / "two" / CONNECTORS).is_file()
    load(tmp_path / "two", tmp_path)


def test_a_model_that_sees_already_is_given_no_other_eyes(tmp_path: Path) -> None:
    card = Card("inline", 256, senses=(Sense("video", "colours@1", 1.0, 6),))
    check_senses_fit(card, ())
    with pytest.raises(BadInput, match="has learnt to take colours@1; leave --senses out"):
        check_senses_fit(card, find_senses(["log-mel"]))
