"""Predictions as JSONL, for reviewers with an editor or a script of their own: one a line, as `reviews_jsonl` reads it.

    {"video_id": "…", "reviewer": "", "reviewed": [{"start": 93.0, "title": "…"}], "prediction": "…", "model": "…"}

Correct `reviewed` in place, fill in `reviewer`, and import the file; what was left as it stands is an accept, and
`"kind": "reject"` with `"reviewed": null` a reject. A line that was left whole, without a reviewer too, is left out:
nobody has reviewed it. One that is to be made blind has `"reviewed": null`, `"blind": true` and no model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from errata.domain.chapter import chapters_to_json
from errata.files import JsonObject
from errata.formats.json_files import write_text
from errata.formats.review_task import ReviewTask


def write(path: Path, tasks: Iterable[ReviewTask]) -> int:
    """Writes a line a prediction and returns how many. Raises BadInput."""
    lines = [json.dumps(line(task)) + "\n" for task in tasks]
    write_text(path, "".join(lines), "ascii")
    return len(lines)


def line(task: ReviewTask) -> JsonObject:
    draft: JsonObject = {"reviewed": chapters_to_json(task.chapters), "model": task.model}
    shown = {"reviewed": None, "blind": True} if task.blind else draft
    return {"video_id": task.transcript.external_id, "reviewer": "", "prediction": task.key, **shown}
