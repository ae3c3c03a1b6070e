"""A model behind an OpenAI-compatible server (vLLM, SGLang, Ollama, llama.cpp's): asked over HTTP, a prompt at a time.

Such a server takes no tokens and has no `append`, so only templates with one answer at their end can be asked of it,
and no grammar holds the answer: what can't be read in it is a problem of the prediction. Its tokenizer isn't ours
either: windows are cut by an estimate that leaves room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep
from typing import Any

import httpx

from errata.domain.hashing import content_hash
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Unavailable
from errata.inference.predictor import AnswerKey, Predictor
from errata.tasks import templates
from errata.tasks.chapters import PROMPT_SHARE, ChapterTask
from errata.tasks.prompt import Slot
from errata.tasks.task import answer_together
from errata.tasks.template import Reading, Template, version_of
from errata.tasks.view import View

AT_ONCE = 8
"""Prompts on their way; the server batches them."""
TRIES = 4
WAIT_SECONDS = 0.5
"""Before the second try; twice as long before each further one, unless the server says how long."""
LONGEST_WAIT = 30.0
ANSWER_SECONDS = 600.0
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What a busy or restarting server says."""


class ServedModel(Predictor):
    """Greedy answers of the model that the server at `url` calls `name`.

    `url` ends in `/completions` where the bare prompt is to be sent, and in `/chat/completions`, or in anything else
    (`http://host:8000/v1`), where it is one user's turn, dressed by the server. `context` is in tokens, prompt and
    answer together; `key` is sent as a bearer token. Raises BadInput for a template that can't be asked this way.
    """

    def __init__(self, url: str, name: str, template: str, context: int, key: str = "") -> None:
        self._task = ChapterTask(_of_one_answer(templates.find(template)), EstimatedTokenizer(), context)
        self._url, self._chat = endpoint(url)
        self._name, self._bearer = name, key
        asked_by = version_of(self._task.template)
        identity = content_hash({"url": self._url, "model": name, "template": asked_by, "context": context})
        self.key = AnswerKey(identity, asked_by, foreign=True)

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        headers = {"Authorization": f"Bearer {self._bearer}"} if self._bearer else {}
        with httpx.Client(headers=headers, timeout=ANSWER_SECONDS) as client, ThreadPoolExecutor(AT_ONCE) as pool:
            return answer_together(
                self._task, transcripts, lambda views: list(pool.map(lambda view: self._ask(client, view), views))
            )

    def _ask(self, client: httpx.Client, view: View) -> Reading:
        answer, cut = _said(self._url, self._post(client, self._body(_plain(self._task, view))))
        return self._task.parse(view, [answer], ["an answer was cut at the server's limit"] if cut else [])

    def _body(self, prompt: str) -> dict[str, Any]:
        asked = {"messages": [{"role": "user", "content": prompt}]} if self._chat else {"prompt": prompt}
        room = int(self._task.context * (1 - PROMPT_SHARE))
        return {"model": self._name, **asked, "temperature": 0, "max_tokens": room, "stream": False}

    def _post(self, client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
        """The server's good answer. Raises Unavailable once it has failed `TRIES` times, BadInput where it refuses."""
        waits = waiting()
        while True:
            try:
                response = client.post(self._url, json=body)
                fault = f"status {response.status_code}: {_one_line(response.text)}"
            except httpx.RequestError as error:
                response, fault = None, f"{type(error).__name__}: {_one_line(str(error))}"
            if response is not None and response.is_success:
                return response
            if response is not None and response.status_code not in PASSING:
                raise BadInput(f"{self._url} refuses the request ({fault}); mend the address, --model-name or the key")
            wait = next(waits, None)
            if wait is None:
                raise Unavailable(f"{self._url} failed {TRIES} times ({fault}); what was answered before is kept")
            sleep(min(asked_wait(response.headers) if response is not None else 0.0, LONGEST_WAIT) or wait)


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


def endpoint(url: str) -> tuple[str, bool]:
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


def waiting() -> Iterator[float]:
    """Seconds to wait before each further try."""
    for turn in range(TRIES - 1):
        yield WAIT_SECONDS * 2**turn


def asked_wait(headers: httpx.Headers) -> float:
    """Seconds of `Retry-After`, which is a number or a date (RFC 9110, 10.2.3); 0 without one that can be read."""
    asked = headers.get("Retry-After", "")
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _of_one_answer(template: Template) -> Template:
    view = View("", "", ("a", "b"), (0, 1), 2.0)
    prompt = template.render(view)
    if [isinstance(span, Slot) for span in prompt].count(True) != 1 or not isinstance(prompt[-1], Slot):
        able = ", ".join(name for name in templates.TEMPLATES if name != template.name)
        raise BadInput(
            f"a server over HTTP can't be asked by the template {template.name!r}, which appends to its own answers; "
            f"choose one of {able}"
        )
    return template


def _plain(task: ChapterTask, view: View) -> str:
    return "".join(span.text for span in task.render(view) if not isinstance(span, Slot))


def _said(url: str, response: httpx.Response) -> tuple[str, bool]:
    """The answer, and whether it was cut. Raises Unavailable for a reply that is not of the OpenAI kind."""
    try:
        choice = response.json()["choices"][0]
        text = choice["message"]["content"] if "message" in choice else choice["text"]
        return str(text or ""), choice.get("finish_reason") == "length"
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unavailable(
            f"{url} answered what an OpenAI-compatible server doesn't ({_one_line(response.text)}); check the address"
        ) from error


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
