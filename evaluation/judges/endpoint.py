"""A judge behind any OpenAI-compatible server: `chat/completions` with an answer held to a JSON schema.

The key is read from the environment when the first question is asked, goes into one header, and nowhere else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from errata.documents.judge_params import Judge
from errata.domain.hashing import content_hash
from errata.files import JsonObject
from errata.inference.openai_client import (
    ATTEMPTS,
    CallFailed,
    CallRefused,
    Malformed,
    OpenAIClient,
    Passing,
    read_completion,
    tokens_used,
    with_retries,
)
from evaluation.judges.budget import Budget
from evaluation.judges.render import visible
from evaluation.judges.request import LONGEST_ANSWER, LONGEST_TEXT, TEMPERATURE, NoAnswer, Reply, Request, bound_texts

TIMEOUT = 120.0
"""Seconds that one call may take in all, however slowly its answer drips."""
LONGEST_NAME = 200
"""Characters of a model's name that are kept."""
_HOPELESS = (401, 403, 404)
"""The key, the right or the address is wrong: any other question would fare the same."""

_FORM_REFUSED = (400, 422)


class Endpoint:
    at_once = 4

    def __init__(
        self, judge: Judge, budget: Budget, timeout: float = TIMEOUT, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.identity = content_hash(["endpoint", judge.url, judge.model, LONGEST_TEXT, TEMPERATURE])
        self._judge, self._budget, self._sleep = judge, budget, sleep
        self._bounded = True
        self._client = OpenAIClient(f"{judge.url.rstrip('/')}/chat/completions", timeout)

    def answer(self, request: Request) -> Reply:
        """Raises NoAnswer where ATTEMPTS calls bring no answer in the form, or no call can.

        What a server says of a fault may hold the key or the transcript, and is not repeated.
        """
        name = self._judge.name
        try:
            return with_retries(lambda: self._call(request), (Passing, Malformed), self._sleep)
        except (Passing, Malformed) as fault:
            raise NoAnswer(f"{name} {fault}, {ATTEMPTS} times over") from fault
        except CallRefused as fault:
            if fault.status in _HOPELESS:
                raise NoAnswer(f"{name} {fault}; check its url, model and key", final=True) from fault
            raise NoAnswer(f"{name} {fault}: it may not take a JSON schema, or a transcript this long") from fault
        except CallFailed as fault:
            raise NoAnswer(f"{name} {fault}") from fault

    def _call(self, request: Request) -> Reply:
        """Texts in the answer are bounded, but for a server that won't take a schema that bounds them."""
        try:
            return self._exchange(request, self._bounded)
        except CallRefused as fault:
            if fault.status not in _FORM_REFUSED or not self._bounded:
                raise
        reply = self._exchange(request, bounded=False)
        self._bounded = False
        return reply

    def _exchange(self, request: Request, bounded: bool) -> Reply:
        key = self._key()
        aside = self._budget.take(self._judge.name, request)
        answer = self._client.post(self._body(request, bounded), key)
        tokens = tokens_used(answer)
        if tokens is not None:
            self._budget.settle(self._judge.name, aside, tokens)
        completion = read_completion(answer)
        if completion.refused:
            raise NoAnswer(f"{self._judge.name} refused to judge an item")
        try:
            form = request.form.model_validate_json(completion.text)
        except ValueError as error:
            raise Malformed("gave an answer that is not in the form it was given") from error
        return Reply(form, visible(completion.model)[:LONGEST_NAME])

    def _key(self) -> str:
        name = self._judge.key_env
        if not name:
            return ""
        key = os.environ.get(name, "").strip()
        if not key.isascii() or not key:
            raise NoAnswer(f"{self._judge.name} needs a key; set the environment variable {name}", final=True)
        return key

    def _body(self, request: Request, bounded: bool) -> JsonObject:
        name, schema = request.kind.partition("@")[0], request.schema()
        schema = bound_texts(schema) if bounded else schema
        return {
            "model": self._judge.model,
            "temperature": TEMPERATURE,
            "max_tokens": LONGEST_ANSWER,
            "messages": [
                {"role": "system", "content": request.instructions},
                {"role": "user", "content": request.data},
            ],
            "response_format": {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}},
        }
