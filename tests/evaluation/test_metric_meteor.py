"""The published METEOR by its own protocol, and the substitute that stands in for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, Chapters
from errata.errors import Unavailable
from evaluation.metrics import captions, meteor, overlap
from evaluation.metrics.caption_score import score_captions
from evaluation.metrics.captions import Tokens
from evaluation.metrics.meteor import Meteor, PublishedMeteor
from evaluation.metrics.stem_meteor import StemMeteor
from evaluation.score_files import open_meteor

STEM = StemMeteor("a test says so")

# Speaks the tool's protocol: a pair's count is how many words both sides have, and scores are those counts over 100.
PRETENDED = """
import sys
for line in sys.stdin:
    kind, *parts = [part.strip() for part in line.split("|||")]
    if kind == "SCORE":
        reference, hypothesis = (set(part.split()) for part in parts)
        print(len(reference & hypothesis), flush=True)
    else:
        for part in [*parts, sum(map(int, parts))]:
            print(int(part) / 100, flush=True)
"""


@pytest.fixture
def pretended() -> Iterator[PublishedMeteor]:
    with subprocess.Popen(
        [sys.executable, "-c", PRETENDED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield PublishedMeteor(process)
        process.kill()


def words(title: str) -> Tokens:
    return tuple(title.split())


def listed(rows: list[dict]) -> Chapters:
    return tuple(Chapter(float(row["start"]), row["title"]) for row in rows)


def test_a_process_answers_pair_by_pair_and_for_all_together(pretended):
    pairs = [(words("a b"), words("b c")), (words("a b"), words("a b")), (words("a b"), words("b c"))]
    assert pretended.each(pairs) == [0.01, 0.02, 0.01]
    assert pretended.together(pairs) == 0.04
    assert pretended.each([]) == []


def test_more_pairs_than_a_pipe_holds_are_answered(pretended):
    pairs = [((f"word{number}",) * 50, (f"word{number}",)) for number in range(3_000)]
    assert pretended.each(pairs) == [0.01] * 3_000


def test_a_title_can_not_end_a_question(pretended):
    assert pretended.each([(("a|||b",), ("ab",))]) == [0.01]


def test_a_process_that_ended_is_one_sentence():
    with subprocess.Popen(
        [sys.executable, "-c", "raise SystemExit(7)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        with pytest.raises(Unavailable, match="ended with exit code 7; give it a Java"):
            PublishedMeteor(process).each([(words("a"), words("a"))])
        process.wait()


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """A package like pycocoevalcap, first on the path."""
    jar = tmp_path / "pycocoevalcap" / "meteor" / "meteor-1.5.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"")
    (tmp_path / "pycocoevalcap" / "__init__.py").write_text("raise RuntimeError('never imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return jar


def test_without_the_package_the_sentence_says_what_to_install(installed):
    installed.unlink()
    with pytest.raises(Unavailable, match=r"\.venv/bin/pip install -e '\.\[meteor\]'"):
        meteor.command()


def test_without_java_the_sentence_says_so_and_the_substitute_stands_in(installed, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unavailable, match="needs Java"):
        meteor.command()
    with open_meteor() as found:
        assert found.missing
        assert "needs Java" in found.missing
        assert "substitute" in found.name


def test_with_both_the_tool_is_started_and_ended(installed, tmp_path, monkeypatch):
    java = tmp_path / "java"
    script = tmp_path / "java.py"
    script.write_text(PRETENDED)
    java.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')  # "#!" takes no blank in a path
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_meteor() as found:
        assert (found.name, found.missing) == ("METEOR 1.5", None)
        assert found.each([(words("a"), words("a"))]) == [0.01]
        process = found._process  # whether it has ended is not the tool's to say
        assert process.args[:4] == [str(java), "-Xmx2G", "-jar", str(installed)]
    assert process.returncode is not None


@pytest.mark.parametrize(
    ("reference", "hypothesis", "wanted"),
    [
        ("introduction", "introduction", 1.0),
        ("cooking show", "setting up the kitchen", 0.0),
        ("cooking show", "cooking pasta with tomato sauce", 0.170213),  # METEOR 1.5's own value
        ("cooking the pasta", "cooking pasta with tomato sauce", 0.303797),
        ("tasting", "serving and tasting", 0.333333),
    ],
)
def test_the_substitute_has_meteor_s_value_where_words_are_the_same(reference, hypothesis, wanted):
    assert STEM.each([(words(reference), words(hypothesis))]) == [pytest.approx(wanted, abs=1e-6)]


def test_the_substitute_sees_stems():
    same, stem, other = STEM.each([(words("a cook"), words(f"a {word}")) for word in ("cook", "cooking", "dinner")])
    assert same == 1 > stem > other > 0


title = st.lists(st.sampled_from(["cook", "cooks", "the", "pasta", "a", "b"]), min_size=1, max_size=6).map(tuple)


@given(st.lists(st.tuples(title, title), min_size=1, max_size=5))
def test_the_substitute_keeps_its_bounds(pairs):
    scores = STEM.each(pairs)
    assert all(0 <= score <= 1 for score in [*scores, STEM.together(pairs)])
    assert STEM.each([(reference, reference) for reference, _ in pairs]) == [pytest.approx(1)] * len(pairs)
    assert all(one == pytest.approx(STEM.together([pair])) for one, pair in zip(scores, pairs, strict=True))


def test_titles_are_swapped_for_soda_c_alone():
    """METEOR minds recall more: a long hypothesis that has all the words beats a short one that lacks some."""
    long, short = "cooking pasta with tomato sauce", "cooking"
    reference, prediction = (Chapter(0, short), Chapter(5, "x")), (Chapter(0, long), Chapter(5, "y"))
    scores = score_captions(reference, prediction, 10, STEM)
    kept, swapped = STEM.each([(words(short), words(long)), (words(long), words(short))])
    assert kept > swapped
    assert scores.soda_c == pytest.approx(100 * swapped / 2, rel=1e-6)
    assert scores.meteor == pytest.approx(100 * STEM.together([(words(short), words(long)), (("x",), ("y",))]))


def test_titles_that_can_not_be_read():
    reference, odd = (Chapter(0, "One"), Chapter(5, "Two")), (Chapter(0, "One"), Chapter(5, "Два"))
    scores = score_captions(reference, odd, 10, STEM)
    assert scores.soda_c == pytest.approx(50)
    assert scores.meteor
    assert score_captions(odd, reference, 10, STEM).soda_c is None
    assert score_captions((), reference, 10, STEM).rouge_l is None
    assert score_captions(reference, (), 10, STEM).soda_c == 0


@pytest.fixture(scope="module")
def golden(shared: Path) -> list[dict]:
    return json.loads((shared / "reference" / "golden_scores.json").read_text("utf-8"))["cases"]


def test_the_substitute_is_near_meteor_on_real_titles(golden):
    found, wanted = [], []
    for case in golden:
        scores = score_captions(listed(case["reference"]), listed(case["prediction"]), case["duration"], STEM)
        found.append([scores.soda_c, scores.meteor])
        wanted.append([case["scores"]["soda_c"]["f1"], case["scores"]["caption"]["METEOR"]["avg"]])
    assert np.mean(found, axis=0) == pytest.approx(np.mean(wanted, axis=0), abs=2)
    assert np.corrcoef(np.transpose(found)[0], np.transpose(wanted)[0])[0, 1] > 0.98


@pytest.fixture(scope="module")
def tool() -> Iterator[Meteor]:
    try:
        meteor.command()
    except Unavailable as missing:
        pytest.skip(str(missing))
    with meteor.start_meteor() as running:
        yield running


@pytest.mark.slow
def test_the_published_tool_equals_the_golden_scores(golden, tool):
    for case in golden:
        sides = listed(case["reference"]), listed(case["prediction"])
        wanted = case["scores"]
        scores = score_captions(*sides, case["duration"], tool)
        assert scores.soda_c == pytest.approx(wanted["soda_c"]["f1"], rel=0, abs=1e-9), case["id"]
        assert scores.meteor == pytest.approx(wanted["caption"]["METEOR"]["avg"], rel=0, abs=1e-9), case["id"]
        reference, prediction = map(captions.titles, sides)
        overlaps = overlap.iou(*(overlap.spans(side, case["duration"]) for side in sides))
        for threshold in captions.THRESHOLDS:
            found = 100 * tool.together(captions.pairs(reference, prediction, overlaps >= threshold))
            assert found == pytest.approx(wanted["caption"]["METEOR"][f"{threshold}"], rel=0, abs=1e-9), case["id"]
        if "meteor_matrix_ref_x_pred" in wanted:
            swapped = [(theirs, ours) for ours in reference for theirs in prediction]
            matrix = np.array(tool.each(swapped)).reshape(overlaps.shape)
            assert matrix == pytest.approx(np.array(wanted["meteor_matrix_ref_x_pred"]), rel=0, abs=1e-6), case["id"]
