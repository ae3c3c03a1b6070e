"""What a call of a language model was asked and answered, in the shapes in which traces keep messages.

    [{"role": "user", "parts": [{"type": "text", "content": "…"}]}]     OpenTelemetry's gen_ai.*.messages
    [{"role": "user", "content": "…"}]                                  a chat, as Langfuse and OpenAI have it
    {"role": "assistant", "content": [{"type": "text", "text": "…"}]}   one message, its content in parts
    {"messages": […]}, {"choices": [{"message": {…}}]}                  a request, an answer
    "…"                                                                 a text, or any of these as JSON in one

Any other object is one text, its JSON: an application may note what it was given and not what it made of it.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.json_files import parse


class ModelMessage(NamedTuple):
    role: str
    """`user` where none is told."""
    text: str


def messages_in(value: Any, role: str = "user") -> list[ModelMessage]:
    """The messages that hold words, in order; `role` is that of what names none."""
    if isinstance(value, str):
        return _in_text(value, role)
    if isinstance(value, list):
        return [message for item in value for message in _in_item(item, role)]
    if isinstance(value, dict):
        return _in_object(value, role)
    return []


def _in_text(text: str, role: str) -> list[ModelMessage]:
    """JSON in a text is read only where it is messages: a model's answer may be JSON too."""
    if text.lstrip()[:1] in ("[", "{"):
        try:
            value = parse(text)
        except BadInput:
            value = None
        if _are_messages(value):
            return messages_in(value, role)
    return [ModelMessage(role, text)] if text.strip() else []


def _are_messages(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_message(value) or any(_are_messages(value.get(key)) for key in ("messages", "choices"))
    items = value if isinstance(value, list) else []
    return bool(items) and all(isinstance(item, dict) and _is_message(item) for item in items)


def _is_message(value: JsonObject) -> bool:
    return "message" in value or ("role" in value and bool({"content", "parts"} & value.keys()))


def _in_item(item: Any, role: str) -> list[ModelMessage]:
    if isinstance(item, str):
        return [ModelMessage(role, item)] if item.strip() else []
    return _in_object(item, role) if isinstance(item, dict) else []


def _in_object(value: JsonObject, role: str) -> list[ModelMessage]:
    for inner in ("messages", "choices"):
        if isinstance(value.get(inner), list):
            return messages_in(value[inner], role)
    if isinstance(value.get("message"), dict):
        return _in_object(value["message"], role)
    if not _is_message(value):
        return [ModelMessage(role, json.dumps(value, ensure_ascii=False))]
    text = _content(value.get("parts", value.get("content")))
    return [ModelMessage(str(value.get("role") or role), text)] if text.strip() else []


def _content(content: Any) -> str:
    """The words of a message: calls of tools, pictures and thoughts are none."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return ""
    return "\n".join(text for text in map(_part, content) if text)


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type", "text") != "text":
        return ""
    text = part.get("content", part.get("text"))
    return text if isinstance(text, str) else ""
