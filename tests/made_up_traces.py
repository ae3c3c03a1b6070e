"""Traces of calls of a foreign model, made up in the shapes in which OpenTelemetry and Langfuse write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LINES = (
    "today we throw a bowl on the wheel and first of all we wedge the clay",
    "wedging takes the air out and without it a pot may burst when it is fired",
    "now the glaze which is glass with colour in it and dries to a powder",
    "we dip it for three seconds and shake off what would run down the side",
    "and at last the kiln which takes nine hours to heat and a day to cool",
    "thank you for watching and send us your questions about firing stoneware",
)
STARTS = (0, 8, 21, 33, 47, 60)
TIMED = "\n".join(f"[{at // 60}:{at % 60:02}] {line}" for at, line in zip(STARTS, LINES, strict=True))
INSTRUCTION = "Divide this transcript into chapters, a line each, such as 0:00 Intro. Transcript:\n\n"
ANSWER = "0:00 Wedging clay\n0:21 Glazing\n0:47 The kiln"


def chat(asked: str = INSTRUCTION + TIMED) -> list[dict[str, Any]]:
    return [{"role": "system", "content": "You know pottery."}, {"role": "user", "content": asked}]


def any_value(value: Any) -> dict[str, Any]:
    """As OTLP types it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": attributes(value)}}
    return {"stringValue": str(value)}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in values.items()]


def span(noted: dict[str, Any], events: list[Any] | None = None, **changed: Any) -> dict[str, Any]:
    fields = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "name": "chat gpt-x",
        "kind": 3,
        "startTimeUnixNano": "1785000000000000000",
        "endTimeUnixNano": "1785000002500000000",
        "attributes": attributes(noted),
        "events": [{"name": name, "attributes": attributes(values)} for name, values in events or []],
        "status": {"code": 1},
    }
    return {**fields, **changed}


def export(*spans: dict[str, Any], service: str = "chapterer") -> dict[str, Any]:
    resource = {"attributes": attributes({"service.name": service})}
    scoped = [{"scope": {"name": "tracer"}, "spans": list(spans)}]
    return {"resourceSpans": [{"resource": resource, "scopeSpans": scoped}]}


def parts(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


MODEL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-x", "gen_ai.response.model": "gpt-x-2026"}


def newest(asked: str = INSTRUCTION + TIMED, answered: str = ANSWER, **noted: Any) -> dict[str, Any]:
    """By the conventions as they are now, messages as structured values."""
    messages = {
        "gen_ai.system_instructions": [{"type": "text", "content": "You know pottery."}],
        "gen_ai.input.messages": [parts("user", asked)],
        "gen_ai.output.messages": [{**parts("assistant", answered), "finish_reason": "stop"}],
    }
    return {**MODEL, **messages, **noted}


def observation(**changed: Any) -> dict[str, Any]:
    fields = {
        "id": "o-1",
        "traceId": "t-1",
        "type": "GENERATION",
        "name": "chapters",
        "startTime": "2026-07-25T17:20:00.000Z",
        "endTime": "2026-07-25T17:20:02.500Z",
        "model": "gpt-x-2026",
        "input": chat(),
        "output": {"role": "assistant", "content": ANSWER},
        "metadata": {},
        "level": "DEFAULT",
    }
    return {**fields, **changed}


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
