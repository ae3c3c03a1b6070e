"""The night's report as JSON: under its schema, without NaN, and the same contents as the page's."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import evaluation.report
from errata.documents.stage_reports import TrainingLog
from evaluation.report.content import Report
from evaluation.report.report_document import DIALECT, NAME, ReportDocument, as_json, schema
from tests.made_up_night import bootstrap, of_nothing
from tests.made_up_report import full_report, tainted

SCHEMA: dict[str, Any] = json.loads((Path(evaluation.report.__file__).parent / "schema.json").read_text())
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def faults(value: Any, rule: dict[str, Any], place: str = "$") -> list[str]:
    """What JSON Schema 2020-12 says is wrong with `value`, for the keywords that the schema uses."""
    if "$ref" in rule:
        return faults(value, SCHEMA["$defs"][rule["$ref"].removeprefix("#/$defs/")], place)
    if "anyOf" in rule:
        tried = [faults(value, one, place) for one in rule["anyOf"]]
        return [] if [] in tried else [f"{place} is none of {len(tried)}: {min(tried, key=len)}"]
    if value not in rule.get("enum", [value]) or value != rule.get("const", value):
        return [f"{place} is {value!r}"]
    wanted = TYPES.get(rule.get("type", ""), object)
    if not isinstance(value, wanted) or (isinstance(value, bool) and rule["type"] != "boolean"):
        return [f"{place} is {value!r}, not {rule['type']}"]
    if isinstance(value, int | float) and not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        return [f"{place} is {value!r}, out of range"]
    if isinstance(value, list):
        return [fault for at, one in enumerate(value) for fault in faults(one, rule["items"], f"{place}[{at}]")]
    return _object_faults(value, rule, place) if isinstance(value, dict) else []


def _object_faults(value: dict[str, Any], rule: dict[str, Any], place: str) -> list[str]:
    named, others = rule.get("properties", {}), rule.get("additionalProperties", True)
    found = [f"{place} lacks {name}" for name in rule.get("required", ()) if name not in value]
    for name, inner in value.items():
        if name in named or isinstance(others, dict):
            found += faults(inner, named.get(name, others), f"{place}.{name}")
        elif others is False:
            found.append(f"{place} has {name}")
    return found


@pytest.fixture(scope="module")
def night() -> Report:
    return full_report()


def test_the_schema_is_the_one_that_is_written_down():
    assert schema() == SCHEMA, "write schema() to evaluation/report/schema.json, under a new NAME if a reader may trip"
    assert (SCHEMA["$schema"], SCHEMA["$id"]) == (DIALECT, NAME)


def test_the_schema_uses_no_keyword_that_goes_unchecked_here():
    known = {"$schema", "$id", "$defs", "$ref", "anyOf", "const", "enum", "default", "type", "items", "required"}
    known |= {"properties", "additionalProperties", "title", "description", "minimum", "maximum"}

    def keywords(rule: dict[str, Any]) -> set[str]:
        inner = [*rule.get("anyOf", ()), rule.get("items"), rule.get("additionalProperties")]
        inner += [*rule.get("properties", {}).values(), *rule.get("$defs", {}).values()]
        return set(rule).union(*(keywords(one) for one in inner if isinstance(one, dict)))

    assert keywords(SCHEMA) <= known


@pytest.mark.parametrize("made", [full_report, bootstrap, of_nothing])
def test_a_report_is_valid(made: Any):
    written = json.dumps(as_json(made()), allow_nan=False)
    assert faults(json.loads(written), SCHEMA) == []
    assert TypeAdapter(ReportDocument).validate_json(written).schema == "errata-report-2"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"schema": "errata-report-0"}, "$.schema"),
        ({"verdict": {}}, "$.verdict"),
        ({"fresh_items": "64"}, "$.fresh_items"),
        ({"loss": [1.0, "x"]}, "$.loss[1]"),
        ({"more": 1}, "$ has more"),
    ],
)
def test_what_is_no_report_is_found_out(night: Report, change: dict[str, Any], fault: str):
    assert any(found.startswith(fault) for found in faults(as_json(night) | change, SCHEMA))


def test_what_is_left_out_is_found_out(night: Report):
    whole = as_json(night)
    assert all(faults({key: whole[key] for key in whole if key != name}, SCHEMA) for name in whole)


def test_nan_is_null(night: Report):
    means = {name: replace(mean, f1=math.nan, tiou=math.inf) for name, mean in night.evaluation.means.items()}
    lines = (replace(night.nights[-1], means=means),)
    hurt = replace(
        night,
        nights=lines,
        evaluation=replace(night.evaluation, means=means),
        files=replace(night.files, training=TrainingLog(3, (1.0, math.nan, math.inf))),
    )
    told = as_json(hurt)
    json.dumps(told, allow_nan=False)
    assert faults(told, SCHEMA) == []
    assert told["loss"] == [1.0, None, None]
    assert told["nights"][0]["means"]["day0"]["f1"] is None


def test_any_text_can_be_written_as_utf8(night: Report):
    told = as_json(tainted(night, "\u202e\x00\x1b[31m \ud800 <script>"))
    json.dumps(told, ensure_ascii=False).encode()
    assert faults(told, SCHEMA) == []
    assert told["reviewers"][0]["name"] == "\u202e\ufffd\ufffd[31m \ufffd <script>"


def test_the_numbers_are_the_nights_own(night: Report):
    told = as_json(night)
    assert told["verdict"]["primary"] == asdict(night.evaluation.contenders[0].primary)
    assert told["verdict"]["promoted"] and told["verdict"]["model"] == "candidate" * 8
    assert told["regressions"][0]["effect"] == min(case["effect"] for case in told["regressions"])
    assert night.files.training is not None and told["loss"] == list(night.files.training.loss)
    assert told["accesses"] == {"anchor": 5, "sealed": 1}
    assert {row["key"] for rows in told["measures"].values() for row in rows} >= {"f1", "pk", "soda_d", "cider"}


def test_the_same_report_is_the_same_text(night: Report):
    assert json.dumps(as_json(night)) == json.dumps(as_json(full_report()))
