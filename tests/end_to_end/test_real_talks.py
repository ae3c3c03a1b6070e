"""Real talks and real reviews, a slice of them, by the documented commands alone."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

REVIEWS = 8


@pytest.fixture(scope="module")
def reviews(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first reviews in order of time, with their transcripts."""
    source, out = shared / "data" / "talks" / "reviews", tmp_path_factory.mktemp("reviews")
    rows = list(islice((source / "reviews.jsonl").read_text().splitlines(), REVIEWS))
    wanted = {json.loads(row)["video_id"] for row in rows}
    (out / "reviews.jsonl").write_text("\n".join(rows) + "\n")
    for name in ("transcripts.json", "asrs.json"):
        found = json.loads((source / name).read_text())
        (out / name).write_text(json.dumps({video: found[video] for video in wanted}))
    return out


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_nights_on_real_reviews(reviews: Path, tmp_path: Path, errata, as_json) -> None:
    root = tmp_path / "real"
    errata("init", root)
    assert as_json("import", "transcripts", reviews, "-w", root)["rejected"] == 0
    rows = [json.loads(row) for row in (reviews / "reviews.jsonl").read_text().splitlines()]
    middle = rows[REVIEWS // 2]["reviewed_on"]
    outcomes = []
    for until in (middle, rows[-1]["reviewed_on"]):
        found = as_json("import", "corrections", reviews / "reviews.jsonl", "--until", until, "-w", root)
        assert found["rejected"] == 0
        outcomes.append(as_json("nightly", "--date", until, "-w", root))
    assert outcomes[0]["verdict"] == "bootstrap"
    assert outcomes[1]["candidate"] and not outcomes[1]["promoted"], "a handful of talks proves nothing"
    assert outcomes[1]["equal_split_f1"] > 0
    counts = as_json("status", "-w", root)["counts"]
    assert counts["corrections"] == REVIEWS
