"""Predictions as Argilla records, for `dataset.records.from_json`.

The dataset has the text fields `title` and `transcript`, the text question `chapters` (not required, so that a
transcript can be rejected without an answer), the label question `verdict` with accept, edit and reject (not required),
and the terms metadata `video_id`, `errata_prediction` and `errata_blind`. What is predicted is the suggestion for
`chapters`, one line a chapter; a blind record has none and says `yes` in its metadata. `argilla` reads the export back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from errata.domain.chapter import starts
from errata.domain.transcript import Transcript
from errata.files import JsonObject
from errata.formats import chapter_text
from errata.formats.json_files import write_text
from errata.formats.review_task import BLIND, KEY, ReviewTask


def write(path: Path, tasks: Iterable[ReviewTask]) -> int:
    """Writes the records as a JSON list and returns how many. Raises BadInput."""
    records = [record(task) for task in tasks]
    write_text(path, json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    return len(records)


def record(task: ReviewTask) -> JsonObject:
    """The record's id is the prediction's key: a transcript may be shown with several predictions."""
    transcript = task.transcript
    suggestion = {"value": chapter_text.write(task.chapters, transcript.unit), "score": None, "agent": task.model}
    blind = {BLIND: "yes"} if task.blind else {}
    return {
        "id": task.key,
        "fields": {"title": transcript.title or transcript.external_id, "transcript": _text(transcript)},
        "metadata": {"video_id": transcript.external_id, KEY: task.key, **blind},
        "suggestions": {} if task.blind else {"chapters": suggestion},
        "responses": {},
        "vectors": {},
    }


def _text(transcript: Transcript) -> str:
    lines = []
    for start, line in zip(starts(transcript), transcript.lines, strict=True):
        lines.append(f"[{chapter_text.moment(float(start), transcript.unit)}] {chapter_text.spoken(line)}")
    return "\n".join(lines)
