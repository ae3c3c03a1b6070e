"""`judges.json`: read back as it was written, and as the version before wrote it, sentences and all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from errata.documents.document import as_json, from_json, read_document, write_document
from errata.documents.judging import NO_RATES, Judging, Placebo
from errata.errors import BadInput
from errata.wording.judging_sentences import judge_sentences, panel_sentence, unlabelled_sentence
from tests.made_up_report import judges


def as_before() -> dict[str, Any]:
    """Without a version, and with sentences where there are reasons now."""
    value = as_json(judges())
    del value["version"]
    value["judges"] = [{**judge, "why": ["It agrees.", "More or less."]} for judge in value["judges"]]
    return value | {"why": "They have a say.", "unlabelled": {"drawn": 9, "n": 4, "why": "Cut after 4 of 9."}}


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_document(tmp_path / "judges.json", judges())
    assert read_document(Judging, tmp_path / "judges.json", "judge again") == judges()


def test_sentences_of_before_are_shown_as_they_stand() -> None:
    found = from_json(Judging, as_before(), "it", "")
    assert panel_sentence(found) == "They have a say."
    assert judge_sentences(found.judges[0]) == ("It agrees.", "More or less.")
    assert (found.unlabelled.n, unlabelled_sentence(found.unlabelled)) == (4, "Cut after 4 of 9.")
    assert found.items == judges().items and found.verdict == judges().verdict


def test_where_nothing_was_said_there_is_no_reason() -> None:
    silent = {**as_before(), "unlabelled": {"drawn": 0, "n": 0, "why": ""}}
    assert from_json(Judging, silent, "it", "").unlabelled.why is None
    del silent["unlabelled"]
    assert from_json(Judging, silent, "it", "").unlabelled.n == 0, "a file of before anybody was asked about more"


def test_a_file_from_before_error_rates_is_read_without_them() -> None:
    """Of form 1: what was not measured then is not known, and never a 0 of it."""
    value = as_json(judges()) | {"version": 1}
    for name in ("floor", "rates", "better"):
        del value[name]
    new = ("rates", "placebo", "night_rates")
    value["judges"] = [{k: v for k, v in judge.items() if k not in new} for judge in value["judges"]]
    found = from_json(Judging, value, "it", "")
    judge = found.judges[0]
    assert (judge.rates, judge.night_rates, judge.placebo) == (NO_RATES, None, Placebo(0, 0, 0, 0))
    assert (found.rates, found.better, found.floor.measured, found.floor.limit) == (NO_RATES, None, False, 0.4)
    assert [one.why for one in found.judges] == [one.why for one in judges().judges]
    assert found.verdict == judges().verdict


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"judges": 3}, "judges"),
        ({"judges": [4]}, "judges.0"),
        ({"why": None}, "why"),
        ({"items": [{"transcript": 1, "cluster": "a", "difference": None, "judges": {}, "human": None}]}, "items.0"),
    ],
)
def test_what_is_broken_is_named(change: dict[str, Any], place: str) -> None:
    for value in (as_json(judges()), as_before()):
        with pytest.raises(BadInput, match=f"^it can't be read at {place}.*; judge again$"):
            from_json(Judging, value | change, "it", "judge again")
