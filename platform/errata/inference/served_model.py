"""A model behind an OpenAI-compatible server (vLLM, SGLang, Ollama, llama.cpp's): asked over HTTP, a prompt at a time.

Such a server takes no tokens and has no `append`, so only templates with one answer at their end can be asked of it,
and no grammar holds the answer: what can't be read in it is a problem of the prediction. Its tokenizer isn't ours
either: windows are cut by an estimate that leaves room.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from errata.domain.hashing import content_hash
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Unavailable
from errata.files import JsonObject
from errata.inference.openai_client import (
    ATTEMPTS,
    CallFailed,
    CallRefused,
    Completion,
    Malformed,
    OpenAIClient,
    Passing,
    read_completion,
    with_retries,
)
from errata.inference.predictor import AnswerKey, Predictor
from errata.tasks import templates
from errata.tasks.chapters import PROMPT_SHARE, ChapterTask
from errata.tasks.prompt import Control, Slot, Text
from errata.tasks.task import answer_together
from errata.tasks.template import Reading, Template
from errata.tasks.view import View

AT_ONCE = 8
"""Prompts on their way; the server batches them."""
ANSWER_SECONDS = 600.0


class ServedModel(Predictor):
    """Greedy answers of the model that the server at `url` calls `name`.

    `url` ends in `/completions` where the bare prompt is to be sent, and in `/chat/completions`, or in anything else
    (`http://host:8000/v1`), where it is one user's turn, dressed by the server. `context` is in tokens, prompt and
    answer together; `key` is sent as a bearer token. Raises BadInput for a template that can't be asked this way.
    """

    def __init__(self, url: str, name: str, template: str, context: int, key: str = "") -> None:
        if templates.task_name(template) != "chapters":
            raise BadInput(f"a server is asked for chapters, and the template {template!r} asks for something else")
        self._task = ChapterTask(_of_one_slot(templates.find(template)), EstimatedTokenizer(), context)
        self._url, self._chat = completions_url(url)
        self._client = OpenAIClient(self._url, ANSWER_SECONDS)
        self._name, self._bearer = name, key
        parts = {"url": self._url, "model": name, "template": self._task.version, "context": context}
        self.key = AnswerKey(content_hash(parts), self._task.version, foreign=True)

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        """Raises Unavailable where the server fails again and again or is none, BadInput where it refuses."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return answer_together(self._task, transcripts, lambda views: list(pool.map(self._ask, views)))

    def _ask(self, view: View) -> Reading:
        completion = self._complete(self._body(view))
        faults = ["an answer was cut at the server's limit"] if completion.cut else []
        return self._task.parse(view, [completion.text], faults)

    def _body(self, view: View) -> JsonObject:
        text = "".join(span.text for span in self._task.render(view) if isinstance(span, Control | Text))
        prompt = {"messages": [{"role": "user", "content": text}]} if self._chat else {"prompt": text}
        room = int(self._task.context * (1 - PROMPT_SHARE))
        return {"model": self._name, **prompt, "temperature": 0, "max_tokens": room, "stream": False}

    def _complete(self, body: JsonObject) -> Completion:
        try:
            return read_completion(with_retries(lambda: self._client.post(body, self._bearer)))
        except Passing as fault:
            raise Unavailable(
                f"{self._url} {_in_full(fault)}, {ATTEMPTS} times over; what was answered before is kept"
            ) from fault
        except CallRefused as fault:
            raise BadInput(
                f"{self._url} refuses the request: it {_in_full(fault)}; mend the address, --model-name or the key"
            ) from fault
        except Malformed as fault:
            raise Unavailable(
                f"{self._url} answered what an OpenAI-compatible server doesn't ({fault.detail}); check the address"
            ) from fault
        except CallFailed as fault:
            raise Unavailable(f"{self._url} {fault}; check the address") from fault


class EstimatedTokenizer:
    """Stands in for a tokenizer that we don't have: three bytes a token, where real ones take four or more of English
    and about three of most other scripts."""

    chat_template = None
    bos_token = None
    BYTES = 3

    def encode(self, text: str, **_: Any) -> list[int]:
        data = text.encode()
        parts = (data[begin : begin + self.BYTES] for begin in range(0, len(data), self.BYTES))
        return [int.from_bytes(b"\x01" + part) for part in parts]

    def decode(self, tokens: Sequence[int], **_: Any) -> str:
        """What `encode` was given; a character that the last token cuts through becomes U+FFFD."""
        parts = (token.to_bytes(self.BYTES + 1).lstrip(b"\0")[1:] for token in tokens)
        return b"".join(parts).decode(errors="replace")


def completions_url(url: str) -> tuple[str, bool]:
    """Where to post, and whether a chat is posted there. Raises BadInput for what is no HTTP address."""
    try:
        parsed = httpx.URL(url.rstrip("/"))
    except httpx.InvalidURL as error:
        raise BadInput(f"{url!r} is no address ({error}); give one like http://localhost:8000/v1") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadInput(f"{url!r} is no HTTP address; give one like http://localhost:8000/v1")
    if parsed.userinfo:
        raise BadInput("the address holds a password, which the record would keep; put it into ERRATA_API_KEY instead")
    if parsed.path.endswith("/completions"):
        return str(parsed), parsed.path.endswith("/chat/completions")
    return f"{parsed}/chat/completions", True


def _of_one_slot(template: Template) -> Template:
    prompt = template.render(View("", "", ("a", "b"), (0, 1), 2.0))
    if sum(isinstance(span, Slot) for span in prompt) != 1 or not isinstance(prompt[-1], Slot):
        able = ", ".join(name for name in templates.TEMPLATES if name != template.name)
        raise BadInput(
            f"a server over HTTP can't be asked by the template {template.name!r}, which appends to its own answers; "
            f"choose one of {able}"
        )
    return template


def _in_full(fault: CallFailed) -> str:
    """With the server's words: nobody's key or transcript is in them but the user's own."""
    return f"{fault}: {fault.detail}" if fault.detail else str(fault)
