"""Predictions as Label Studio tasks, to be imported into a project whose labelling setup is `label_config`.

A task shows the transcript in paragraphs, one a line, with the predicted chapters as regions that can be moved,
renamed, removed and added to; its data carries the prediction's key, and `label_studio` reads the export back. A blind
task has no regions, and says so in its data. With the address of its recording in its data it has a player above the
paragraphs, each of which can be played.

A chapter begins with a paragraph, so a paragraph's `start` in the task is the time that a chapter on it has: floored,
as models are asked for it, or the predicted chapter's own.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from errata.domain.chapter import Chapter, canonical, starts
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.json_files import write_text
from errata.formats.review_task import BLIND, KEY, ReviewTask
from errata.formats.video_ids import AUDIO

_CONFIG = """<View>
  <Header value="$title"/>{video}
  <ParagraphLabels name="chapter" toName="transcript">
    <Label value="Chapter"/>
  </ParagraphLabels>
  <Paragraphs name="transcript" value="$segments" layout="dialogue" nameKey="speaker" textKey="text"
              granularity="paragraph" {player}/>
  <TextArea name="chapter_title" toName="transcript" perRegion="true" displayMode="region-list" maxSubmissions="1"
            editable="true" required="true" requiredMessage="Give each chapter a title, in the list of regions."
            placeholder="The chapter's title"/>
  <Choices name="verdict" toName="transcript" choice="single" showInLine="true">
    <Choice value="accept"/><Choice value="edit"/><Choice value="reject"/>
  </Choices>
</View>
"""
_SILENT = 'showPlayer="false"'
_SOUND = 'audioUrl="$media" showPlayer="true"'
# Not contextScroll, by which Label Studio 1.23 puts a paragraph that starts at 0 last: regions count paragraphs.
_PICTURE = 'audioUrl="$media" sync="player"'
# Muted, since the paragraphs play the sound: else there are two.
_VIDEO = """
  <Video name="player" value="$media" sync="transcript" height="280" muted="true"/>"""


def label_config(media_url: str = "") -> str:
    """The labelling setup, with a player where the tasks' data has a recording's address; `media_url` is one such."""
    if not media_url:
        return _CONFIG.format(video="", player=_SILENT)
    if PurePosixPath(media_url).suffix.lower() in AUDIO:
        return _CONFIG.format(video="", player=_SOUND)
    return _CONFIG.format(video=_VIDEO, player=_PICTURE)


def write(path: Path, tasks: Iterable[ReviewTask]) -> int:
    """Writes the tasks as a JSON list and returns how many. Raises BadInput when one can't be shown, or written."""
    rows = [task_json(task) for task in tasks]
    write_text(path, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    return len(rows)


def write_label_config(path: Path, media_url: str = "") -> None:
    """Writes `label_config`, to be pasted into the project's labelling setup. Raises BadInput."""
    write_text(path, label_config(media_url))


def task_json(task: ReviewTask) -> JsonObject:
    """Raises BadInput when two chapters begin with one paragraph: the tool could show but one."""
    transcript = task.transcript
    times = [float(start) for start in starts(transcript)]
    shown: JsonObject = {"predictions": []}
    if not task.blind:
        first = _first_paragraphs(task)
        for place, chapter in zip(first, _in_order(task), strict=True):
            times[place] = chapter.start
        shown["predictions"].append({"model_version": task.model, "result": _result(task, first)})
    paragraphs = []
    for start, line in zip(times, transcript.lines, strict=True):
        paragraphs.append(line.as_json() | {"start": start, "speaker": line.speaker or ""})
    data = {
        "video_id": transcript.external_id,
        "title": transcript.title or transcript.external_id,
        "segments": paragraphs,
        KEY: task.key,
        **({"media": task.media} if task.media else {}),
        **({BLIND: True} if task.blind else {}),
    }
    return {"data": data, **shown}


def _in_order(task: ReviewTask) -> list[Chapter]:
    return sorted(task.chapters, key=lambda chapter: chapter.start)


def _first_paragraphs(task: ReviewTask) -> list[int]:
    """Where each chapter begins, as places in the transcript's lines."""
    snapped = canonical(task.chapters, task.transcript)
    if snapped.merged:
        raise BadInput(
            f"the prediction for {task.transcript.external_id!r} has two chapters on one line, "
            "which Label Studio can't show; give it to reviewers as a sheet or in Argilla"
        )
    places = starts(task.transcript)
    return [bisect_left(places, chapter.start) for chapter in snapped.chapters]


def _result(task: ReviewTask, first: list[int]) -> list[JsonObject]:
    lines = task.transcript.lines
    last = [place - 1 for place in first[1:]] + [len(lines) - 1]
    result: list[JsonObject] = []
    for number, (chapter, begin, end) in enumerate(zip(_in_order(task), first, last, strict=False)):
        span = {"start": str(begin), "end": str(end), "startOffset": 0, "endOffset": len(lines[end].text)}
        text = "\n".join(line.text for line in lines[begin : end + 1])
        result.append(_item(number, "chapter", {**span, "text": text, "paragraphlabels": ["Chapter"]}))
        result.append(_item(number, "chapter_title", {**span, "text": [chapter.title]}))
    return result


def _item(number: int, control: str, value: JsonObject) -> JsonObject:
    kind = "paragraphlabels" if control == "chapter" else "textarea"
    return {"id": f"chapter-{number}", "from_name": control, "to_name": "transcript", "type": kind, "value": value}
