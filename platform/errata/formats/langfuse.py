"""Langfuse's observations as JSON lines, as its page and its export to a bucket write them: an observation a line.

    {"id": …, "traceId": …, "type": "GENERATION", "endTime": …, "model": …, "input": …, "output": …, "metadata": {…}}
    {"trace": {"id": …, "metadata": {…}}, "observations": […]}       a trace, as its page saves one
    {"data": […]}                                                    a page of them, as its API answers

The bucket's files have the same in other letters (`trace_id`, `end_time`, `provided_model_name`), and what is JSON in a
text. Observations of other types are steps around the model's answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.dates import iso_date
from errata.formats.fields import mapping, word
from errata.formats.json_files import parse
from errata.formats.model_messages import messages_in
from errata.formats.source_rows import LeftOut, Rejected, SourceRow
from errata.formats.trace_rows import FAILED, NO_ANSWER, TracedCall

_GENERATION = "GENERATION"
_TRACE = ("traceId", "trace_id")
_LISTS = ("observations", "data")
_MODEL = ("model", "providedModelName", "provided_model_name", "internalModelName", "internal_model_name")
_END = ("endTime", "end_time", "startTime", "start_time")


def fits(raw: Any) -> bool:
    if not isinstance(raw, dict):
        return False
    items = _items(raw)
    return _is_observation(raw) or (bool(items) and all(_is_observation(item) for item in items))


def _is_observation(raw: Any) -> bool:
    return isinstance(raw, dict) and "type" in raw and any(name in raw for name in _TRACE)


def _items(raw: JsonObject) -> list[Any]:
    return next((raw[name] for name in _LISTS if isinstance(raw.get(name), list)), [])


def calls(row: SourceRow) -> Iterator[TracedCall | Rejected]:
    """The calls that a row holds; observations of other types are `LeftOut`."""
    for observation in _observations(row):
        try:
            yield _call(observation)
        except BadInput as problem:
            yield observation.reject(problem)


def _observations(row: SourceRow) -> Iterator[SourceRow]:
    """Each in a row of its own, with what the trace says of the talk."""
    if _is_observation(row.raw):
        yield row
        return
    trace = row.raw.get("trace")
    of_trace = _facts(trace.get("metadata")) if isinstance(trace, dict) else {}
    for at, item in enumerate(_items(row.raw)):
        place = f"line {row.row}" if isinstance(row.row, int) else row.row
        facts = {**of_trace, **_facts(item.get("metadata"))}
        yield SourceRow(row.file, f"{place}, observation {at}", {**item, "metadata": facts})


def _call(row: SourceRow) -> TracedCall | LeftOut:
    raw = mapping(row.raw, "the row")
    if str(raw["type"]).upper() != _GENERATION:
        return LeftOut(row.file, row.row, NO_ANSWER, raw)
    if raw.get("level") == "ERROR":
        return LeftOut(row.file, row.row, FAILED, raw)
    model = _first(raw, _MODEL)
    if model is None:
        raise BadInput("it names no model; add it as `model`")
    answered = messages_in(raw.get("output"), "assistant")
    return TracedCall(
        trace=word(_first(raw, _TRACE), "traceId"),
        span=word(raw.get("id"), "id"),
        model=word(model, "the model's name"),
        answered_at=_moment(_first(raw, _END)),
        facts=_facts(raw.get("metadata")),
        asked=tuple(messages_in(raw.get("input"))),
        answered=answered[0].text if answered else "",
        row=row,
    )


def _first(raw: JsonObject, names: tuple[str, ...]) -> Any:
    return next((raw[name] for name in names if raw.get(name) not in (None, "")), None)


def _facts(metadata: Any) -> JsonObject:
    """Exports hold metadata as an object or as its JSON."""
    if isinstance(metadata, str) and metadata.lstrip().startswith("{"):
        try:
            metadata = parse(metadata)
        except BadInput:
            return {}
    return metadata if isinstance(metadata, dict) else {}


def _moment(value: Any) -> str:
    """In UTC, which is what is meant where no zone is written."""
    if value is None:
        return ""
    read = datetime.fromisoformat(iso_date(value, "the time"))
    return (read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)).isoformat()
