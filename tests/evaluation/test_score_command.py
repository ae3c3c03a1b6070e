"""`errata score` as people and scripts call it: files as other systems write them, and the golden values out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from errata.cli.app import app
from errata.errors import BadInput, Unavailable
from evaluation.metrics import meteor

# Upstream adds float32 up, and rounds what it says of seconds to two digits.
SLACK = dict.fromkeys(("f1", "precision", "recall"), 1e-4)
SLACK |= {f"{side}_{within}s": 0.00501 for side in ("precision", "recall") for within in (3, 5, 10)}


def score(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["score", *map(str, arguments)])


@pytest.fixture
def corpus(shared: Path) -> list[dict]:
    return json.loads((shared / "reference" / "golden_scores.json").read_text("utf-8"))["cases"]


@pytest.fixture
def files(corpus: list[dict], tmp_path: Path) -> tuple[Path, Path]:
    """The golden cases in Chapter-Llama's own layout."""
    chapters = {
        side: {case["id"]: {f"{row['start']}": row["title"] for row in case[side]} for case in corpus}
        for side in ("reference", "prediction")
    }
    reference = {
        case["id"]: {"duration": case["duration"], "chapters": chapters["reference"][case["id"]]} for case in corpus
    }
    (tmp_path / "reference.json").write_text(json.dumps(reference))
    (tmp_path / "predictions.json").write_text(json.dumps(chapters["prediction"]))
    return tmp_path / "reference.json", tmp_path / "predictions.json"


def golden(case: dict) -> dict[str, float]:
    scores = case["scores"]
    distance = {
        f"{side}_{within}s": scores["legacy_distance"].get(f"{side.title()}@{within}s")
        for side in ("precision", "recall")
        for within in (3, 5, 10)
    }
    return distance | {
        "f1": scores["overlap"]["f1"],
        "precision": scores["overlap"]["precision"],
        "recall": scores["overlap"]["recall"],
        "tiou": scores["overlap"]["avg_tiou"],
        "count_error": scores["overlap"]["chapter_count_abs_error"],
        "soda_d": scores["soda_d"]["f1"],
        "cider": scores["caption"]["CIDEr"]["avg"],
        "rouge_l": scores["caption"]["Rouge-L"]["avg"],
    }


def needing_meteor(case: dict) -> dict[str, float]:
    return {"soda_c": case["scores"]["soda_c"]["f1"], "meteor": case["scores"]["caption"]["METEOR"]["avg"]}


def assert_equal(found: dict, corpus: list[dict], wanted) -> None:
    """Video by video and in the mean."""
    columns: dict[str, list[float]] = {}
    for case in corpus:
        for name, value in wanted(case).items():
            got = found["videos"][case["id"]][name]
            if value is None:
                assert got is None, (case["id"], name)
            else:
                assert got == pytest.approx(value, rel=0, abs=SLACK.get(name, 1e-9)), (case["id"], name)
                columns.setdefault(name, []).append(value)
    for name, column in columns.items():
        assert found["mean"][name] == pytest.approx(sum(column) / len(column), rel=0, abs=SLACK.get(name, 1e-9)), name


def test_the_golden_cases_come_out_of_the_command(files, corpus):
    result = score("--reference", files[0], "--predictions", files[1], "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert_equal(found, corpus, golden)
    assert (found["answered"], found["missing"], found["unknown"]) == (100, [], [])
    for name in ("soda_c", "soda_d", "cider", "meteor", "pk", "windowdiff", "boundary_similarity", "title_similarity"):
        assert name in found["mean"]


@pytest.mark.slow
def test_so_do_those_that_need_meteor(files, corpus):
    try:
        meteor.command()
    except Unavailable as missing:
        pytest.skip(str(missing))
    found = json.loads(score("--reference", files[0], "--predictions", files[1], "--json").stdout)
    assert found["meteor_tool"]["name"] == "METEOR 1.5"
    assert_equal(found, corpus, needing_meteor)


def test_the_golden_segmentations_come_out_of_the_command(shared):
    path = shared / "reference" / "golden_segmentation.json"
    found = json.loads(score("--segmentation", path, "--json").stdout)
    pairs = json.loads(path.read_text("utf-8"))["pairs"]
    assert len(found["pairs"]) == len(pairs) == 62
    for pair in pairs:
        got = found["pairs"][pair["id"]]
        assert got["pk"] == pytest.approx(pair["segeval_pk"], abs=1e-12)
        assert got["boundary_similarity"] == pytest.approx(pair["segeval_boundary_similarity_nt2"], abs=1e-12)
        if isinstance(pair["segeval_windowdiff"], dict):
            assert (got["windowdiff"], list(got["not_defined"])) == (None, ["windowdiff"])
        else:
            assert got["windowdiff"] == pytest.approx(pair["segeval_windowdiff"], abs=1e-12)


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "r.json").write_text(json.dumps({"talk": {"duration": 60, "chapters": {"0": "Intro", "30": "End"}}}))
    (tmp_path / "p.json").write_text(json.dumps({"talk": {"0": "Intro", "30": "The end"}}))
    return tmp_path / "r.json", tmp_path / "p.json"


def test_people_see_every_metric_for_every_video_and_in_the_mean(small):
    shown = score("--reference", small[0], "--predictions", small[1])
    assert shown.exit_code == 0
    words = " ".join(shown.stdout.split())
    for name in ("f1", "tiou", "soda d", "cider", "pk", "windowdiff", "title f1", "count error"):
        assert name in words
    assert shown.stdout.count("talk") == shown.stdout.count("mean") >= 5
    assert "100.0 % of the videos have a prediction" in words


def test_what_is_left_out_is_named(tmp_path):
    chapters = {"0": "Intro", "30": "End"}
    reference = {f"talk {n}": {"duration": 60, "chapters": chapters} for n in range(3)}
    reference["short"] = {"duration": 60, "chapters": {"0": "Intro"}}
    (tmp_path / "r.json").write_text(json.dumps(reference))
    (tmp_path / "p.json").write_text(
        json.dumps({"talk 0": chapters, "short": {}} | {f"odd {n}": {} for n in range(12)})
    )
    shown = " ".join(score("--reference", tmp_path / "r.json", "--predictions", tmp_path / "p.json").stdout.split())
    assert "of the 4 videos: precision_3s of 1, recall_3s of 1" in shown
    assert "soda_c of 4" not in shown, "it has no mean to be left out of"
    assert "without a prediction, so that all is worst: talk 1, talk 2 " in shown + " "
    assert "not in the reference, so not scored: odd 0, odd 1, odd 10, odd 11, odd 2" in shown
    assert shown.endswith("odd 7 and 2 more")


def test_an_id_is_text_whatever_it_looks_like(tmp_path):
    names = ("a[/b]", "talk [draft]")
    reference = {name: {"duration": 60, "chapters": {"0": "Intro"}} for name in names}
    (tmp_path / "r.json").write_text(json.dumps(reference))
    (tmp_path / "p.json").write_text("{}")
    (tmp_path / "m.json").write_text(json.dumps([{"id": name, "ref_masses": [3], "hyp_masses": [3]} for name in names]))
    for arguments in (
        ("--reference", tmp_path / "r.json", "--predictions", tmp_path / "p.json"),
        ("--segmentation", tmp_path / "m.json"),
    ):
        shown = score(*arguments)
        assert shown.exit_code == 0, shown.exception
        assert all(name in shown.stdout for name in names)


def test_segmentations_are_shown_with_what_is_not_defined(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(json.dumps([{"id": "tiny", "ref_masses": [1, 1], "hyp_masses": [2]}]))
    shown = score("--segmentation", path)
    assert "windowdiff of tiny is not defined: the window" in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    "arguments", [(), ("--reference", "r"), ("--predictions", "p"), ("--reference", "r", "--segmentation", "s")]
)
def test_what_to_give_is_one_sentence(arguments):
    error = score(*arguments).exception
    assert isinstance(error, BadInput)
    assert "give --reference and --predictions to score chapters, or --segmentation" in str(error)
