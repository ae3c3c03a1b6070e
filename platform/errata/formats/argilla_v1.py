"""Records of Argilla 1.x, as those of 2.x hold the same.

FeedbackDataset, as JSON of its records:

    {"fields": {…}, "metadata": {…}, "external_id", "suggestions": [{"question_name", "value", "agent"}],
     "responses": [{"user_id", "status", "values": {"chapters": {"value"}}}]}

and in the form that it has on the Hugging Face hub, where each field is a column:

    {"title": …, "chapters": [{"user_id", "value", "status"}], "chapters-suggestion": …,
     "chapters-suggestion-metadata": {"agent"}, "external_id", "metadata": "{…}"}

The older data sets have one answer a record, and so does their form on the hub, with dicts for tuples:

    {"text" or "inputs", "prediction", "prediction_agent", "annotation", "annotation_agent", "metadata", "status"}

There the annotation is a list of chapters in the form of `chapter_text` (Text2Text), a label a chapter in that form
(text classification), or a label on the text's lines (token classification, as in `labelled_lines`).
"""

from __future__ import annotations

import json
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import listing, mapping, objects, text
from errata.formats.json_files import parse
from errata.formats.labelled_lines import labelled_line

_SUGGESTION = "-suggestion"
_CHAPTERS = "chapters"
_STATUS = {"Validated": "submitted", "Discarded": "discarded", "Edited": "draft", "Default": "pending"}
"""What the older data sets call a record's status, in the words for a response's."""


def fits(raw: JsonObject) -> bool:
    return _is_feedback(raw) or _is_hub_row(raw) or _is_annotated(raw)


def _is_feedback(raw: JsonObject) -> bool:
    lists = [part for part in (raw.get("responses"), raw.get("suggestions")) if isinstance(part, list)]
    return "fields" in raw and bool(lists) and all(isinstance(item, dict) for part in lists for item in part)


def _is_hub_row(raw: JsonObject) -> bool:
    return any(name.endswith(_SUGGESTION) or _is_answers(value) for name, value in raw.items())


def _is_answers(value: Any) -> bool:
    """A list of answers, or the dict of columns that the library `datasets` makes of one."""
    answer = value[0] if isinstance(value, list) and value else value
    return isinstance(answer, dict) and {"user_id", "value", "status"} <= set(answer)


def _is_annotated(raw: JsonObject) -> bool:
    return "annotation" in raw and ("annotation_agent" in raw or "prediction" in raw)


def is_answered(raw: JsonObject) -> bool:
    """Whether somebody has responded to the record, if only to discard it."""
    if _is_feedback(raw):
        return bool(raw.get("responses"))
    if _is_hub_row(raw):
        return any(_is_answers(value) for value in raw.values())
    return raw.get("annotation") is not None or raw.get("status") == "Discarded"


def nested(raw: JsonObject) -> JsonObject:
    """The record as 2.x has it, with each answer's status beside it. Raises BadInput."""
    if _is_feedback(raw):
        return _feedback(raw)
    return _hub_row(raw) if _is_hub_row(raw) else _annotated(raw)


def _feedback(raw: JsonObject) -> JsonObject:
    responses: dict[str, list[JsonObject]] = {}
    for response in objects(raw.get("responses") or [], "responses", "response"):
        signed = {"user_id": response.get("user_id"), "status": response.get("status")}
        values = mapping(response.get("values") or {}, "a response's values")
        for question, answer in (values or {_CHAPTERS: {}}).items():
            value = mapping(answer, f"the answer to {short(question)}").get("value")
            responses.setdefault(question, []).append({**signed, "value": value})
    suggestions = {}
    for suggestion in objects(raw.get("suggestions") or [], "suggestions", "suggestion"):
        name = text(suggestion.get("question_name"), "question_name")
        suggestions[name] = {"value": suggestion.get("value"), "agent": suggestion.get("agent")}
    fields = mapping(raw.get("fields") or {}, "fields")
    return _record(raw, fields, responses, suggestions)


def _hub_row(raw: JsonObject) -> JsonObject:
    responses: dict[str, list[JsonObject]] = {}
    suggestions: JsonObject = {}
    fields: JsonObject = {}
    for name, value in raw.items():
        if _is_answers(value):
            responses[name] = _answers(value, name)
        elif name.endswith(_SUGGESTION):
            agent = mapping(raw.get(f"{name}-metadata") or {}, f"{name}-metadata").get("agent")
            suggestions[name.removesuffix(_SUGGESTION)] = {"value": value, "agent": agent}
        elif isinstance(value, str):
            fields[name] = value
    return _record(raw, fields, responses, suggestions)


def _answers(value: Any, question: str) -> list[JsonObject]:
    if isinstance(value, list):
        return objects(value, question, "answer")
    columns = {name: listing(value[name], f"the {name} of {question}") for name in ("user_id", "value", "status")}
    if len(set(map(len, columns.values()))) > 1:
        raise BadInput("the columns of {} differ in length; export it again", short(question))
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _annotated(raw: JsonObject) -> JsonObject:
    status = raw.get("status") or ("Default" if raw.get("annotation") is None else "Validated")
    if status not in _STATUS:
        raise BadInput("the record's status must be one of {}, not {}", ", ".join(_STATUS), short(status))
    whole = raw.get("text") or mapping(raw.get("inputs") or {}, "inputs").get("text") or ""
    words = text(whole, "text")
    if status == "Validated" and not raw.get("annotation_agent"):
        raise BadInput("it does not say who annotated it; fill in `annotation_agent`")
    signed = {"user_id": raw.get("annotation_agent") or "", "status": _STATUS[status]}
    responses = {}
    if raw.get("annotation") is not None or status == "Discarded":
        responses[_CHAPTERS] = [{**signed, "value": _typed(raw.get("annotation"), words, "the annotation")}]
    draft = _typed(_likeliest(raw.get("prediction")), words, "the prediction")
    suggestions = {} if draft is None else {_CHAPTERS: {"value": draft, "agent": raw.get("prediction_agent")}}
    return _record(raw, {"text": words}, responses, suggestions)


def _likeliest(prediction: Any) -> Any:
    """The first of a model's answers, or its labels on the text; None for what is neither."""
    if not isinstance(prediction, list) or not prediction:
        return None
    first = prediction[0]
    if _is_span(first):
        return [_span(item) for item in prediction]
    if isinstance(first, dict):
        return first.get("text")
    return first[0] if isinstance(first, list) and first else first


def _typed(value: Any, words: str, what: str) -> Any:
    """Chapters as `chapter_text` reads them."""
    if not isinstance(value, list):
        return value
    if all(_is_span(item) for item in value):
        chapters = []
        for at, item in enumerate(value):
            label, start, end = _span(item)
            chapters.append(labelled_line(words, start, end, label, f"{what}[{at}]"))
        return json.dumps(chapters)
    return "\n".join(text(label, f"{what}[{at}]") for at, label in enumerate(value))


def _is_span(item: Any) -> bool:
    if isinstance(item, dict):
        return {"label", "start", "end"} <= set(item)
    return isinstance(item, list) and len(item) in (3, 4)


def _span(item: Any) -> list[Any]:
    return [item["label"], item["start"], item["end"]] if isinstance(item, dict) else item[:3]


def _record(raw: JsonObject, fields: JsonObject, responses: JsonObject, suggestions: JsonObject) -> JsonObject:
    metadata = raw.get("metadata") or {}
    record_metadata = mapping(parse(metadata) if isinstance(metadata, str) else metadata, "metadata")
    external = {} if raw.get("external_id") is None else {"external_id": raw["external_id"]}
    return {
        "id": raw.get("id"),
        "fields": fields,
        "metadata": {**external, **record_metadata},
        "suggestions": {name: item for name, item in suggestions.items() if item["value"] is not None},
        "responses": responses,
    }
