"""Label Studio's JSON export: one review an annotation, in order of the date at which it was last changed.

    {"id", "data": {…}, "annotations": [{"id", "completed_by", "updated_at", "result": […], "prediction": {…}}], …}

Where chapters stand, in `result`:
- regions whose control or label has `chapter` in its name, each with its title in a text area under the same region
  id, or else in the region's own notes: spans of time (`labels`, in seconds), of paragraphs (`paragraphlabels`: a
  chapter starts where the paragraph does, by the one list in the task's data whose items have a `start`), or of frames
  (`timelinelabels`: counted from 1, by the frame rate in the data's `fps`, `frame_rate` or `frames_per_second`);
- or one text area with `chapter` in its name, in the form of `chapter_text`.
A chapter lasts until the next one starts; where its region ends is not used, nor are other controls, but for one called
`verdict` that says accept, edit or reject.

The video's id is the data's `video_id`, `external_id`, `id` or `path`, or else the stem of its media file. The reviewer
is the annotator's e-mail address, or their number. The draft is the prediction that the annotation was made from, and
`errata_prediction` in the data names a prediction of ours; `errata_blind` says that the annotator was shown none.

No review, and left out: tasks that nobody has annotated, drafts in them too, and annotations that were cancelled
(skipped). They are counted; JSON_MIN drops them without a word. An annotation that Enterprise's reviewers sent back is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from reprlib import repr as short
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import chapter_text
from errata.formats.fields import filled_text, listing, mapping, text_or_nothing, time, word, written_number
from errata.formats.review_lines import Line, by_day, entries, place_name, reviews
from errata.formats.review_task import BLIND, KEY
from errata.formats.reviews_jsonl import NOBODY, Review
from errata.formats.row_files import json_rows
from errata.formats.source_rows import LeftOut, Rejected, SourceRow
from errata.formats.video_ids import video_id

SKIPPED = "skipped"
"""Why an annotation is left out."""

REGIONS = ("labels", "paragraphlabels", "timelinelabels")
FRAME_RATES = ("fps", "frame_rate", "frames_per_second")


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """Reads a JSON export, or JSONL of its tasks. Raises BadInput when nothing in it was annotated."""
    tasks = list(json_rows(path))
    if all(fits(entries(task.raw)) and not task.raw.get("annotations") for task in tasks):
        raise BadInput(f"{path} holds tasks that nobody has annotated; export it again once they are reviewed")
    return read_tasks(tasks, until, key)


def read_tasks(
    tasks: Iterable[SourceRow | Rejected], until: str | None = None, key: str | None = None
) -> Iterator[Review | Rejected]:
    """Of tasks wherever they come from, each as an export has it."""
    rows = chain.from_iterable(map(_annotations, tasks))
    return reviews(by_day(rows, _day), partial(_line, key=key), _day, until)


def fits(raw: JsonObject) -> bool:
    return "data" in raw and ("annotations" in raw or "predictions" in raw)


def _annotations(task: SourceRow | Rejected) -> Iterator[SourceRow | Rejected]:
    """The task once for each annotation, alone in it; what can't be taken apart stays whole, to be refused."""
    raw = entries(task.raw)
    annotations = raw.get("annotations") or []
    if isinstance(task, Rejected) or not fits(raw) or not isinstance(annotations, list):
        yield task
        return
    if not annotations:
        yield LeftOut(task.file, f"task {place_name(raw.get('id'))}", NOBODY, None)
    for annotation in annotations:
        fields = entries(annotation)
        place = f"task {place_name(raw.get('id'))}, annotation {place_name(fields.get('id'))}"
        alone = {**raw, "annotations": [annotation]}
        skipped = fields.get("was_cancelled") is True
        yield LeftOut(task.file, place, SKIPPED, alone) if skipped else SourceRow(task.file, place, alone)


def _annotation(raw: Any) -> JsonObject:
    annotations = listing(mapping(raw, "the task").get("annotations"), "annotations")
    if len(annotations) != 1:
        raise BadInput("the task has {} annotations; keep one", len(annotations))
    return mapping(annotations[0], "the annotation")


def _day(raw: Any) -> Any:
    annotation = _annotation(raw)
    return annotation.get("updated_at") or annotation.get("created_at")


def _line(raw: Any, key: str | None = None) -> Line:
    annotation = _annotation(raw)
    data = mapping(raw.get("data"), "data")
    result = _items(annotation.get("result"), "the annotation")
    chapters, kind = _chapters(result, data, "the annotation"), _verdict(result)
    draft, model = _draft(raw, annotation, data)
    if chapters is None and not (kind or draft or data.get(KEY)):
        raise BadInput("it has no chapters, but {}; leave it out, or export the chapters' own project", _kinds(result))
    _check_accepted(annotation.get("reviews") or [])
    return {
        "video_id": video_id(data, key=key),
        "reviewer": _reviewer(annotation.get("completed_by")),
        "reviewed_on": _day(raw),
        "kind": kind,
        "reviewed": chapters or [],
        "draft": draft,
        "draft_by": model,
        "prediction": data.get(KEY),
        "blind": data.get(BLIND),
    }


def _items(result: Any, whose: str) -> list[JsonObject]:
    what = f"{whose}'s result"
    return [mapping(item, f"{what}[{at}]") for at, item in enumerate(listing(result, what))]


def _check_accepted(second_opinions: Any) -> None:
    verdicts = [mapping(review, "a review").get("accepted") for review in listing(second_opinions, "reviews")]
    if verdicts and True not in verdicts:
        raise BadInput("it was sent back to the annotator and has not been accepted since; accept it or leave it out")


def _kinds(result: list[JsonObject]) -> str:
    kinds = sorted({f"{short(item.get('type'))} by {short(item.get('from_name'))}" for item in result})
    return ", ".join(kinds) or "no result at all"


def _reviewer(value: Any) -> str:
    if not isinstance(value, dict):
        return word(value, "completed_by")
    person = mapping(value, "completed_by")
    return word(person.get("email") or person.get("id"), "completed_by's email and id")


def _verdict(result: list[JsonObject]) -> str | None:
    for item in result:
        if item.get("type") == "choices" and item.get("from_name") == "verdict":
            choices = listing(mapping(item.get("value"), "the verdict").get("choices"), "the verdict's choices")
            return verdict(choices[0] if len(choices) == 1 else choices)
    return None


def verdict(choice: Any) -> str:
    """The kind that a choice called `verdict` names; that it is one, the line's own check says."""
    return choice.lower() if isinstance(choice, str) else short(choice)


def _draft(task: JsonObject, annotation: JsonObject, data: JsonObject) -> tuple[Any, str]:
    """The chapters that the reviewer was shown, and by which model; None where the export does not hold them."""
    prediction = _prediction(task, annotation)
    result = prediction.get("result")
    if result is None:
        return None, ""
    items = _items(result, "the prediction")
    chapters = _chapters(items, data, "the prediction") if items else []
    return chapters, "" if chapters is None else text_or_nothing(prediction.get("model_version"), "model_version")


def _prediction(task: JsonObject, annotation: JsonObject) -> JsonObject:
    """The one that the annotation names; else the one it was made beside; else the only one it can have kept from."""
    predictions = [item for item in _list(task.get("predictions")) if isinstance(item, dict)]
    beside = mapping(annotation.get("prediction") or {}, "prediction")
    parent = annotation.get("parent_prediction")
    if parent is not None:
        return next((item for item in [beside, *predictions] if item.get("id") == parent), {})
    if beside or len(predictions) != 1:
        return beside
    # A region that came from a prediction says so; without one the annotator may have begun with nothing.
    origins = [str(item.get("origin")) for item in _list(annotation.get("result"))]
    is_from_prediction = any(origin.startswith("prediction") for origin in origins)
    return mapping(predictions[0], "the prediction") if is_from_prediction else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class _Region(NamedTuple):
    what: str
    value: JsonObject
    titles: list[Any]
    notes: list[Any]
    """What was written into the region's own notes, which any labelling setup has."""


def _chapters(result: list[JsonObject], data: JsonObject, whose: str) -> list[JsonObject] | None:
    """Items for `reviewed` or `draft`; None where nothing in `result` is about chapters."""
    regions = _regions(result, whose)
    typed = _titles(result, regions)
    if regions and typed:
        raise BadInput("{} has chapters both as regions and as text; keep one of the two", whose)
    if typed:
        return list(chain.from_iterable(chapter_text.read(lines, f"{whose}'s text area") for lines in typed))
    return [_item(region, data) for region in regions.values()] or None


def _regions(result: list[JsonObject], whose: str) -> dict[str, _Region]:
    """The regions that mark chapters, by id, their titles still to come."""
    regions: dict[str, _Region] = {}
    for item in result:
        kind = str(item.get("type"))
        value = item.get("value")
        if kind.endswith("labels") and isinstance(value, dict) and marks_chapters(item.get("from_name"), value, kind):
            name = word(item.get("id"), f"{whose}'s region's id")
            what = f"{whose}'s region {short(name)}"
            if kind not in REGIONS:
                raise BadInput("{} is of type {}; read are {}", what, short(kind), ", ".join(REGIONS))
            if name in regions:
                raise BadInput("{} is marked twice; keep one", what)
            regions[name] = _Region(what, mapping(value, what), [], _notes(item))
    return regions


def _notes(item: JsonObject) -> list[Any]:
    text = entries(item.get("meta")).get("text")
    return text if isinstance(text, list) else [] if text is None else [text]


def _titles(result: list[JsonObject], regions: dict[str, _Region]) -> list[Any]:
    """Gives each region its titles, and returns what was typed as a list of chapters."""
    typed: list[Any] = []
    for item in result:
        if item.get("type") != "textarea":
            continue
        value = mapping(item.get("value"), "a text area's value")
        titles = value["text"] if isinstance(value.get("text"), list) else [value.get("text")]
        region = regions.get(str(item.get("id")))
        if region is not None:
            region.titles.extend(titles)
        elif "chapter" in str(item.get("from_name")).lower():
            if "start" in value or "ranges" in value:
                raise BadInput("the title {} is no chapter region's; label its region as a chapter", short(titles))
            typed.extend(titles)
    return typed


def marks_chapters(control: Any, value: JsonObject, kind: str) -> bool:
    """Whether the control that made a region, or one of the region's labels, has `chapter` in its name."""
    names = [control, *_list(value.get(kind))]
    return any(isinstance(name, str) and "chapter" in name.lower() for name in names)


def _item(region: _Region, data: JsonObject) -> JsonObject:
    titles = region.titles or region.notes
    if len(titles) != 1:
        raise BadInput("{} has {} titles; give it one", region.what, len(titles))
    title = filled_text(titles[0], f"the title of {region.what}")
    return {"start": start_of(region.value, data, region.what), "title": title}


def start_of(value: JsonObject, data: JsonObject, what: str) -> float:
    """Where a region's chapter starts, in the transcript's unit; `data` is its task's. Raises BadInput."""
    if "ranges" in value:
        return _frame_time(value, data, what)
    if "paragraphlabels" in value or "startOffset" in value:
        return _paragraph_time(value, data, what)
    # An audio region has no text of its own, only its title has; a region of words is told by it.
    if isinstance(value.get("text"), str):
        raise BadInput(
            "{} marks letters of a text, which have no time; leave it out, or mark times or paragraphs", what
        )
    start, end = time(value.get("start"), f"the start of {what}"), time(value.get("end"), f"the end of {what}")
    return _forward(start, end, what)


def _forward(start: float, end: float, what: str) -> float:
    if end < start:
        raise BadInput("{} runs backwards, from {:g} to {:g}; mend it", what, start, end)
    return start


def _frame_time(value: JsonObject, data: JsonObject, what: str) -> float:
    ranges = listing(value["ranges"], f"the ranges of {what}")
    if len(ranges) != 1:
        raise BadInput("{} has {} ranges; a chapter has one", what, len(ranges))
    frames = mapping(ranges[0], f"the range of {what}")
    first, last = time(frames.get("start"), f"the start of {what}"), time(frames.get("end"), f"the end of {what}")
    if first < 1:
        raise BadInput("{} starts at frame {:g}; frames are counted from 1", what, first)
    return (_forward(first, last, what) - 1) / _frame_rate(data, what)


def _frame_rate(data: JsonObject, what: str) -> float:
    name = next((name for name in FRAME_RATES if data.get(name) not in (None, "")), None)
    if name is None:
        raise BadInput("{} is placed by frames, and the task's data has no `fps`; add it, in frames per second", what)
    rate = written_number(data[name], name)
    if rate == 0:
        raise BadInput("{} is 0; a frame rate must be positive", name)
    return rate


def _paragraph_time(value: JsonObject, data: JsonObject, what: str) -> float:
    first, last = _index(value.get("start"), f"the start of {what}"), _index(value.get("end"), f"the end of {what}")
    paragraphs = _paragraphs(data)
    if max(first, last) >= len(paragraphs):
        raise BadInput(
            "{} runs to paragraph {}, and the last one is {}; mend it", what, max(first, last), len(paragraphs) - 1
        )
    _forward(first, last, what)
    return time(mapping(paragraphs[first], f"paragraph {first}").get("start"), f"paragraph {first}'s start")


def _index(value: Any, what: str) -> int:
    """A paragraph's place, which is written as text or as a number."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise BadInput("{} must be a paragraph's number, counted from 0, not {}", what, short(value))


def _paragraphs(data: JsonObject) -> list[Any]:
    """The one list of paragraphs in a task's data; JSON_MIN has regions beside it, which it tells by their labels."""
    lists = {name: value for name, value in data.items() if isinstance(value, list) and _is_paragraph(value)}
    if len(lists) != 1:
        names = ", ".join(sorted(lists)) or "none"
        raise BadInput("its paragraphs' times must stand in one list in the task's data, found: {}; keep one", names)
    return next(iter(lists.values()))


def _is_paragraph(items: list[Any]) -> bool:
    first = items[0] if items else None
    return isinstance(first, dict) and "start" in first and not any(name.endswith("labels") for name in first)
