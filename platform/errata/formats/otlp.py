"""OpenTelemetry's traces as OTLP JSON lines, as the collector's file exporter writes them: an export a line.

    {"resourceSpans": [{"resource": …, "scopeSpans": [{"scope": …, "spans": [{"traceId", "attributes", …}]}]}]}

A span is a model's answer where it says which model was called (`gen_ai.response.model`, `gen_ai.request.model`). What
was asked and answered stands, by the age of the conventions for generative AI, in `gen_ai.input.messages` and
`gen_ai.output.messages`; in events of the span (`gen_ai.user.message`, `gen_ai.choice`, `gen_ai.content.prompt`,
`gen_ai.content.completion`); or in `gen_ai.prompt.0.content` and `gen_ai.completion.0.content`, as OpenLLMetry writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import listing, mapping, word
from errata.formats.model_messages import ModelMessage, messages_in
from errata.formats.source_rows import LeftOut, Rejected, SourceRow
from errata.formats.trace_rows import FAILED, NO_ANSWER, TracedCall

_MODELS = ("gen_ai.response.model", "gen_ai.request.model")
_ASKED = ("gen_ai.input.messages", "gen_ai.prompt")
_ANSWERED = ("gen_ai.output.messages", "gen_ai.completion")
_INSTRUCTIONS = "gen_ai.system_instructions"
_MESSAGE_EVENTS = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_CHOICE = "gen_ai.choice"
_NUMBERED = re.compile(r"gen_ai\.(prompt|completion)\.(\d{1,4})\.(role|content)")
_EMBEDDINGS = "embeddings"
_ERROR = (2, "STATUS_CODE_ERROR")
_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC).timestamp()


def fits(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("resourceSpans"), list)


def calls(row: SourceRow) -> Iterator[TracedCall | Rejected]:
    """The calls that an export holds; its other spans are `LeftOut`."""
    try:
        spans = list(_spans(row))
    except BadInput as problem:
        yield row.reject(problem)
        return
    for span in spans:
        try:
            yield _call(span)
        except BadInput as problem:
            yield span.reject(problem)


def _spans(row: SourceRow) -> Iterator[SourceRow]:
    """Each span in an export of its own."""
    for group in listing(row.raw["resourceSpans"], "resourceSpans"):
        resource = mapping(group, "an item of resourceSpans")
        for scoped in listing(resource.get("scopeSpans"), "scopeSpans"):
            scope = mapping(scoped, "an item of scopeSpans")
            for span in listing(scope.get("spans"), "spans"):
                name = mapping(span, "a span").get("spanId")
                alone = {**resource, "scopeSpans": [{**scope, "spans": [span]}]}
                place = f"line {row.row}, span {name}" if isinstance(row.row, int) else f"{row.row}, span {name}"
                yield SourceRow(row.file, place, {"resourceSpans": [alone]})


def _call(row: SourceRow) -> TracedCall | LeftOut:
    group = row.raw["resourceSpans"][0]
    span = group["scopeSpans"][0]["spans"][0]
    noted = attributes(span.get("attributes"), "attributes")
    model = next((noted[name] for name in _MODELS if noted.get(name)), None)
    if model is None or noted.get("gen_ai.operation.name") == _EMBEDDINGS:
        return LeftOut(row.file, row.row, NO_ANSWER, row.raw)
    if entry_of(span, "status").get("code") in _ERROR:
        return LeftOut(row.file, row.row, FAILED, row.raw)
    events = [_event(event) for event in listing(span.get("events") or [], "events")]
    asked, answered = _asked(noted, events), _answered(noted, events)
    if not asked and not answered:
        raise BadInput("it holds neither question nor answer; have the tracer capture the content of messages")
    service = entry_of(group, "resource").get("attributes")
    return TracedCall(
        trace=word(span.get("traceId"), "traceId"),
        span=word(span.get("spanId"), "spanId"),
        model=word(model, "the model's name"),
        answered_at=_moment(span.get("endTimeUnixNano")),
        facts={**attributes(service, "the resource's attributes"), **noted},
        asked=tuple(asked),
        answered=answered[0].text if answered else "",
        row=row,
    )


def entry_of(value: JsonObject, name: str) -> JsonObject:
    """An object in an object; an empty one where there is none."""
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def _event(event: Any) -> tuple[str, JsonObject]:
    fields = mapping(event, "an event")
    return str(fields.get("name")), attributes(fields.get("attributes"), "an event's attributes")


def _asked(noted: JsonObject, events: list[tuple[str, JsonObject]]) -> list[ModelMessage]:
    messages = messages_in(_system(noted.get(_INSTRUCTIONS)), "system")
    messages += _named(noted, _ASKED, "user") or _numbered(noted, "prompt", "user")
    if not any(message.role != "system" for message in messages):
        for name, fields in events:
            spoken = _MESSAGE_EVENTS.fullmatch(name)
            if spoken:
                messages += messages_in({"role": fields.get("role", spoken[1]), "content": fields.get("content")})
            messages += _named(fields, _ASKED, "user")
    return messages


def _system(parts: Any) -> Any:
    """Instructions are parts without a role, or a text."""
    return {"role": "system", "parts": parts} if isinstance(parts, list) else parts


def _answered(noted: JsonObject, events: list[tuple[str, JsonObject]]) -> list[ModelMessage]:
    messages = _named(noted, _ANSWERED, "assistant") or _numbered(noted, "completion", "assistant")
    for name, fields in events:
        if not messages and name == _CHOICE:
            messages = messages_in(fields.get("message", {"role": "assistant", "content": fields.get("content")}))
        messages = messages or _named(fields, _ANSWERED, "assistant")
    return messages


def _named(fields: JsonObject, names: tuple[str, ...], role: str) -> list[ModelMessage]:
    return list(chain.from_iterable(messages_in(fields.get(name), role) for name in names))


def _numbered(noted: JsonObject, what: str, role: str) -> list[ModelMessage]:
    """Of attributes whose names count the messages."""
    by_number: dict[int, dict[str, Any]] = {}
    for name, value in noted.items():
        match = _NUMBERED.fullmatch(name)
        if match and match[1] == what:
            by_number.setdefault(int(match[2]), {"role": role})[match[3]] = value
    return [message for _, fields in sorted(by_number.items()) for message in _read_numbered(fields)]


def _read_numbered(fields: dict[str, Any]) -> list[ModelMessage]:
    content = fields.get("content")
    return [ModelMessage(str(fields["role"]), content)] if isinstance(content, str) and content.strip() else []


def attributes(pairs: Any, what: str) -> JsonObject:
    """OTLP's list of keys and typed values as an object. Raises BadInput."""
    values: JsonObject = {}
    for item in listing(pairs or [], what):
        pair = mapping(item, f"an item of {what}")
        values[word(pair.get("key"), f"a key of {what}")] = _value(pair.get("value"), what)
    return values


def _value(value: Any, what: str) -> Any:
    typed = mapping(value or {}, f"a value of {what}")
    if "arrayValue" in typed:
        items = entry_of(typed, "arrayValue").get("values") or []
        return [_value(item, what) for item in listing(items, what)]
    if "kvlistValue" in typed:
        return attributes(entry_of(typed, "kvlistValue").get("values"), what)
    return next(iter(typed.values()), None)


def _moment(nanoseconds: Any) -> str:
    """Written as text, since JSON's numbers are too short for it."""
    if nanoseconds in (None, "", "0", 0):
        return ""
    try:
        seconds = int(nanoseconds) / 1e9
        return datetime.fromtimestamp(seconds + _FIRST_DAY, UTC).isoformat(timespec="milliseconds")
    except (TypeError, ValueError, OverflowError, OSError) as problem:
        raise BadInput("endTimeUnixNano must be nanoseconds since 1970, not {}", short(nanoseconds)) from problem
