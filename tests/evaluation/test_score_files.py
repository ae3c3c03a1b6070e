"""Two JSON files of any system give scores, or one sentence that names what to mend."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.cli.output import as_json
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.inference.prediction_file import PredictionFile
from evaluation.metrics.meteor import Meteor
from evaluation.metrics.stem_meteor import StemMeteor
from evaluation.score_files import MeteorTool, score_files

STEM = StemMeteor("a test says so")
GOOD = {"a": {"duration": 300, "chapters": {"0": "Intro", "60": "Middle", "120": "End"}}}


def write(folder: Path, name: str, value: object) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def scored(folder: Path, reference: object, predictions: object) -> dict:
    return score_files(write(folder, "reference.json", reference), write(folder, "predictions.json", predictions), STEM)


def test_missing_videos_score_0_and_unknown_ones_are_named(tmp_path):
    reference = GOOD | {"b": {"duration": "1,234.5", "title": "further keys are fine", "chapters": {"1,000": "x"}}}
    result = scored(tmp_path, reference, {"a": GOOD["a"]["chapters"], "z": {}, "y": {"5": "what"}})
    best, worst = result.videos["a"], result.videos["b"]
    assert best.keys() == worst.keys() == result.mean.keys()
    assert [best[name] for name in ("f1", "tiou", "soda_d", "boundary_similarity")] == pytest.approx([100] * 4)
    assert [worst[name] for name in ("f1", "tiou", "soda_d", "cider", "rouge_l", "boundary_similarity")] == [0] * 6
    assert (best["pk"], worst["pk"], result.mean["pk"]) == (0, 100, 50)
    assert result.mean["f1"] == 50
    assert (result.missing, result.unknown, result.answered) == (["b"], ["y", "z"], 50)
    json.dumps(as_json(result), allow_nan=False)


def test_an_empty_answer_is_not_missing(tmp_path):
    result = scored(tmp_path, GOOD, {"a": {}})
    assert (result.mean["f1"], result.missing, result.answered) == (0, [], 100)


def test_a_substitute_s_scores_are_never_called_meteor(tmp_path):
    result = scored(tmp_path, GOOD, {"a": GOOD["a"]["chapters"]})
    assert result.meteor_tool == MeteorTool(STEM.name, "a test says so")
    assert result.mean["soda_c"] is result.mean["meteor"] is None
    assert result.left_out == {"soda_c": 1, "meteor": 1}
    assert result.mean["soda_c_substitute"] == pytest.approx(100)
    assert result.mean["meteor_substitute"] == pytest.approx(100)


def test_the_published_tool_s_scores_are(tmp_path):
    good = write(tmp_path, "r.json", GOOD)
    predictions = write(tmp_path, "p.json", {"a": GOOD["a"]["chapters"]})
    result = score_files(good, predictions, cast(Meteor, replace(STEM, missing=None, name="METEOR 1.5")))
    assert result.mean["soda_c"] == pytest.approx(100)
    assert not [name for name in result.mean if name.endswith("substitute")]
    assert result.meteor_tool == MeteorTool("METEOR 1.5", None)


def test_titles_that_nobody_can_read_are_left_out_and_counted(tmp_path):
    reference = GOOD | {"b": {"duration": 9, "chapters": {"0": "Введение"}}}
    result = scored(tmp_path, reference, {"a": GOOD["a"]["chapters"], "b": {"0": "Введение"}})
    assert result.videos["b"]["cider"] is result.videos["b"]["rouge_l"] is None
    assert result.mean["rouge_l"] == pytest.approx(100)
    assert (result.left_out["cider"], result.left_out["soda_c_substitute"]) == (1, 1)


def test_chapter_llama_s_own_folder_of_predictions(tmp_path):
    """As its tester writes them: a file a video, below a folder of the id's first letters, starts as times."""
    for name, start in (("abc", "00:01:00"), ("xyz", "01:00:00")):
        file = tmp_path / "test" / name[:2] / f"{name}.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"chapters": {"00:00:00": "Intro", start: "End"}, "output": "as it came"}))
    reference = {
        "abc": {"duration": 300, "chapters": {"0": "Intro", "60": "End"}},
        "xyz": {"duration": 7200, "chapters": {"0": "Intro", "3600": "End"}},
        "none": {"duration": 300, "chapters": {"0": "Intro"}},
    }
    result = score_files(write(tmp_path, "reference.json", reference), tmp_path / "test", STEM)
    assert [result.videos[name]["f1"] for name in ("abc", "xyz", "none")] == [100, 100, 0]
    assert result.missing == ["none"]


def test_a_video_s_chapters_may_stand_under_their_name(tmp_path):
    assert scored(tmp_path, GOOD, GOOD).mean["f1"] == 100


def test_a_folder_that_can_not_be_used_is_named(tmp_path):
    good, folder = write(tmp_path, "reference.json", GOOD), tmp_path / "test"
    folder.mkdir()
    with pytest.raises(BadInput, match=r"test holds no JSON file; give the folder with"):
        score_files(good, folder, STEM)
    for part in ("one", "two"):
        (folder / part).mkdir()
        (folder / part / "a.json").write_text('{"chapters": {}}')
    with pytest.raises(BadInput, match=r"two/a\.json and .*one/a\.json are both about 'a'"):
        score_files(good, folder, STEM)


def test_every_video_is_told(tmp_path):
    told = []
    predictions = write(tmp_path, "p.json", {})
    score_files(write(tmp_path, "r.json", GOOD), predictions, STEM, lambda: told.append(1))
    assert told == [1]


def test_commas_part_thousands(tmp_path):
    reference = {"a": {"duration": 4000, "chapters": {"0": "x", "1,234": "y"}}}
    assert scored(tmp_path, reference, {"a": {"0": "x", "1234.0": "y"}}).mean["f1"] == 100


@pytest.mark.parametrize(
    ("reference", "predictions", "sentence"),
    [
        ("{", {}, "reference.json: not JSON (Expecting property name enclosed in double quotes, line 1, column 2)"),
        ("[" * 100_000, {}, "reference.json: nested too deeply"),
        ([], {}, "reference.json must be a JSON object"),
        ({}, {}, "holds no video"),
        ('{"a": 1, "a": 2}', {}, "has the key 'a' twice"),
        ({"a": {"chapters": {}}}, {}, "video 'a' has no \"duration\""),
        ({"a": {"duration": 3}}, {}, "video 'a' has no \"chapters\""),
        ({"a": {"duration": 0, "chapters": {}}}, {}, "the duration is 0"),
        ({"a": {"duration": 1e300, "chapters": {}}}, {}, "the duration is 1e+300; give the video's length"),
        ({"a": {"duration": -5, "chapters": {}}}, {}, "the duration is -5"),
        ({"a": {"duration": None, "chapters": {}}}, {}, "the duration must be a number, not None"),
        ({"a": {"duration": True, "chapters": {}}}, {}, "the duration must be a number, not True"),
        ('{"a": {"duration": NaN, "chapters": {}}}', {}, "the duration must be a number, not 'NaN'"),
        ('{"a": {"duration": 1e999, "chapters": {}}}', {}, "the duration must be a number, not inf"),
        ({"a": {"duration": 10**400, "chapters": {}}}, {}, "the duration must be a number, not inf"),
        ({"a": {"duration": 9, "chapters": []}}, {}, "video 'a' must be a JSON object, not []"),
        (GOOD, {"a": None}, "predictions.json, video 'a' must be a JSON object, not None"),
        (GOOD, {"a": {"-3": "x"}}, "a start is -3.0; a time must not be negative"),
        (GOOD, {"a": {"nan": "x"}}, "a start must be a number, not 'nan'"),
        (GOOD, {"a": {"1,5": "x"}}, "a start must be a number, not '1,5'"),
        (GOOD, {"a": {"00:61:05": "x"}}, "a start must be a number, not '00:61:05', or a time such as 00:20:34"),
        (GOOD, {"a": {"65": "x", "00:01:05": "y"}}, "video 'a' has two chapters at 65"),
        (GOOD, {"a": {"chapters": 5}}, "predictions.json, video 'a' must be a JSON object, not 5"),
        (GOOD, {"a": {"10": "x", "10.0": "y"}}, "video 'a' has two chapters at 10"),
        (GOOD, {"a": {"10": 5}}, "the title at 10 must be text, not 5"),
    ],
)
def test_what_can_not_be_used_is_named(tmp_path, reference, predictions, sentence):
    with pytest.raises(BadInput) as caught:
        scored(tmp_path, reference, predictions)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"nowhere\.json can't be read \(No such file"):
        score_files(tmp_path / "nowhere.json", tmp_path / "nowhere.json", STEM)


def test_a_file_that_is_not_text_is_named(tmp_path):
    (tmp_path / "p.json").write_bytes(b"\xff\xff\x00")
    with pytest.raises(BadInput, match=r"p\.json is not UTF-8"):
        score_files(write(tmp_path, "r.json", GOOD), tmp_path / "p.json", STEM)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values, st.integers(0, 9))
def test_any_json_is_scored_or_refused(tmp_path, value, place):
    """Nothing but BadInput comes out, wherever the odd value stands."""
    reference: object = value if place == 0 else GOOD | ({"b": value} if place == 1 else {})
    if place == 2:
        reference = {"a": {"duration": value, "chapters": {"0": "x"}}}
    predictions: object = value if place == 3 else {"a": value} if place == 4 else {"a": {"0": value}}
    try:
        result = scored(tmp_path, reference, predictions)
    except BadInput as error:
        assert str(error)
    else:
        assert 0 <= result.mean["f1"] <= 100


def test_real_talks_score_against_themselves(shared, tmp_path):
    path = shared / "data" / "talks" / "chapters" / "chapters_talks.json"
    talks = json.loads(path.read_text("utf-8"))
    predictions = write(tmp_path, "predictions.json", {name: talk["chapters"] for name, talk in talks.items()})
    result = score_files(path, predictions, STEM)
    assert len(result.videos) == 100
    assert result.mean["f1"] > 99
    assert result.mean["boundary_similarity"] == pytest.approx(100)
    assert result.mean["pk"] == 0
    assert result.missing == result.unknown == []


# one reader for both commands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "seconds"),
    [
        ({"0": "x", "90": "y", "1234.5": "z"}, [0, 90, 1234.5]),
        ({"00:00:00": "x", "00:20:34": "y", "01:00:00.5": "z"}, [0, 1234, 3600.5]),
        ({"0:00": "x", "20:34": "y", "75:00": "z"}, [0, 1234, 4500]),
        ({"1,234": "y", "5e-1": "x", "1e2": "later"}, [0.5, 100, 1234]),
        ({"chapters": {"00:20:34": "y"}, "output": "as it came"}, [1234]),
        ({}, []),
    ],
)
def test_score_and_compare_read_the_same_starts(tmp_path, starts, seconds):
    transcript = Transcript("a", tuple(Segment(at, at + 1, "words") for at in (*seconds, 9000.0)), 9001.0)
    reference = {"a": {"duration": 9001, "chapters": {str(at): "title" for at in seconds}}}
    for path in (write(tmp_path, "p.json", {"a": starts}), write(folder(tmp_path / "p"), "a.json", starts).parent):
        scores = score_files(write(tmp_path, "r.json", reference), path, STEM)
        assert scores.missing == [] and scores.mean["f1"] == 100
        (reading,) = PredictionFile(path).answer([transcript])
        assert reading and [chapter.start for chapter in reading.chapters] == [int(at) for at in seconds]


@pytest.mark.parametrize(
    "predictions",
    [
        "{", "", "[]", '{"a": {"0": "x", "0": "y"}}', '{"a": {}, "a": {}}', '{"a": null}', '{"a": {"0": 5}}',
        *(json.dumps({"a": {start: "x"}}) for start in ("nan", "NaN", "inf", "1e999", "-1", "-00:01", "", "1,5")),
        *(json.dumps({"a": {start: "x"}}) for start in ("00:61:05", "00:20:34:00", "1:2:3", "0:05 x", "start")),
        '{"a": {"65": "x", "1:05": "y"}}', '{"a": {"0": "a\\u0000b"}}',
    ],
)  # fmt: skip
def test_score_and_compare_refuse_the_same_files(tmp_path, predictions):
    path = write(tmp_path, "p.json", predictions)
    with pytest.raises(BadInput) as scoring:
        score_files(write(tmp_path, "r.json", GOOD), path, STEM)
    with pytest.raises(BadInput) as comparing:
        PredictionFile(path)
    assert str(scoring.value) == str(comparing.value) and "p.json" in str(scoring.value)


def folder(path: Path) -> Path:
    path.mkdir()
    return path
