"""What Label Studio exports, made up: regions and text areas, annotations, tasks, and the flat rows of JSON_MIN."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.formats import label_studio
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected

EXPORTS = "data/review_exports/label-studio"


def region(name: str, value: dict[str, Any], *titles: str, control: str = "chapter") -> list[dict[str, Any]]:
    """A marked region, and the text area that shares its id."""
    kind = next(key for key in value if key.endswith("labels"))
    span = {key: item for key, item in value.items() if key not in (kind, "text")}
    mark = {"id": name, "type": kind, "from_name": control, "to_name": "x", "value": value, "origin": "manual"}
    area = {"id": name, "type": "textarea", "from_name": "chapter_title", "value": {**span, "text": list(titles)}}
    return [mark, area] if titles else [mark]


def seconds(start: Any, end: Any, *titles: str, name: str = "", label: str = "Chapter") -> list[dict[str, Any]]:
    value = {"start": start, "end": end, "channel": 0, "labels": [label]}
    return region(name or f"r{start}", value, *titles)


def paragraphs(start: Any, end: Any, *titles: str) -> list[dict[str, Any]]:
    value = {"start": start, "end": end, "startOffset": 3, "endOffset": 5, "text": "…", "paragraphlabels": ["Chapter"]}
    return region(f"p{start}", value, *titles)


def frames(start: Any, end: Any, *titles: str) -> list[dict[str, Any]]:
    return region(f"f{start}", {"ranges": [{"start": start, "end": end}], "timelinelabels": ["Chapter"]}, *titles)


def typed(text: Any) -> list[dict[str, Any]]:
    return [{"id": "t", "type": "textarea", "from_name": "chapters", "to_name": "x", "value": {"text": [text]}}]


def verdict(*chosen: str) -> list[dict[str, Any]]:
    return [{"id": "v", "type": "choices", "from_name": "verdict", "to_name": "x", "value": {"choices": list(chosen)}}]


TWO = [*seconds(0, 60, "Welcome"), *seconds(60.5, 90, "Soil")]
CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(60.5, "Soil"))
SEGMENTS = [{"start": start, "end": start + 10, "text": "words"} for start in (0.0, 8.07, 11.91)]


def annotation(result: Any = None, **changed: Any) -> dict[str, Any]:
    fields = {
        "id": 9,
        "completed_by": {"id": 3, "email": "ann@example.com"},
        "updated_at": "2026-01-02T10:00:00.000000Z",
        "result": TWO if result is None else result,
        "was_cancelled": False,
        "prediction": {},
        "parent_prediction": None,
    }
    return {**fields, **changed}


def task(*annotations: Any, data: Any = None, **changed: Any) -> dict[str, Any]:
    found = list(annotations) or [annotation()]
    return {"id": 4, "data": {"video_id": "v"} if data is None else data, "annotations": found, **changed}


def predicted(result: Any, number: int = 7) -> dict[str, Any]:
    return {"id": number, "model_version": "champion-3", "result": result}


def write(path: Path, *tasks: Any) -> Path:
    path.write_text(json.dumps(list(tasks)))
    return path


def one(path: Path, *tasks: Any) -> Review:
    """The one review, whatever is left out beside it."""
    rows = label_studio.read(write(path / "export.json", *tasks))
    (review,) = (row for row in rows if not isinstance(row, LeftOut))
    assert isinstance(review, Review), review
    return review


def reason(path: Path, *tasks: Any) -> str:
    (refused,) = label_studio.read(write(path / "export.json", *tasks))
    assert isinstance(refused, Rejected), refused
    return refused.reason


SPANS = [{"start": 0, "end": 60, "labels": ["Chapter"]}, {"start": 60.5, "end": 90, "labels": ["Chapter"]}]


def flat(**changed: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "video_id": "v",
        "title": "An episode",
        "id": 4,
        "chapter": SPANS,
        "chapter_title": ["Welcome", "Soil"],
        "annotator": "ann@example.com",
        "annotation_id": 9,
        "created_at": "2026-01-01T10:00:00Z",
        "updated_at": "2026-01-02T10:00:00Z",
    }
    return {name: value for name, value in {**fields, **changed}.items() if value is not ...}


def as_csv(path: Path, *rows: dict[str, Any], delimiter: str = ",") -> Path:
    """As Label Studio writes it: sorted columns, texts quoted, lists as JSON, nothing where a task lacks a value."""
    names = sorted({name for row in rows for name in row})
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, names, quoting=csv.QUOTE_NONNUMERIC, delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        writer.writerow({k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()})
    path.write_text(table.getvalue(), newline="")
    return path


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def swapped(value: Any, path: list[Any], new: Any) -> Any:
    """`value` with what stands at `path` replaced."""
    if not path:
        return new
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = swapped(copy[path[0]], path[1:], new)
    return copy


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


def counted(rows: Any) -> tuple[list[Review], list[Rejected]]:
    rows = [row for row in rows if not isinstance(row, LeftOut)]
    return [row for row in rows if isinstance(row, Review)], [row for row in rows if isinstance(row, Rejected)]
