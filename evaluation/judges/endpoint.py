"""A judge behind any OpenAI-compatible server: `chat/completions` with an answer held to a JSON schema.

The key is read from the environment when the first question is asked, goes into one header, and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from errata.domain.hashing import content_hash
from errata.inference.served_model import asked_wait
from evaluation.judges.budget import Budget
from evaluation.judges.judge import TEMPERATURE, Judge, is_this_machine
from evaluation.judges.render import visible
from evaluation.judges.request import LONGEST_ANSWER, NoAnswer, Reply, Request

ATTEMPTS = 4
TIMEOUT = 120.0
"""Seconds that one call may take in all, however slowly its answer drips."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most; a server that asks for longer is asked again after this."""
LARGEST = 1_000_000
"""Bytes of an answer that are read."""
LONGEST_NAME = 200
"""Characters of a model's name that are kept."""
_PASSING = (408, 409, 425, 429)
_HOPELESS = (401, 403, 404)
"""The key, the right or the address is wrong: any other question would fare the same."""


@dataclass(frozen=True, slots=True)
class _Heard:
    status: int
    headers: httpx.Headers
    body: bytes


class _Again(Exception):
    """What may pass: worth another attempt."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait
        """Seconds that the server asked for."""


class Endpoint:
    at_once = 4

    def __init__(
        self, judge: Judge, budget: Budget, timeout: float = TIMEOUT, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.identity = content_hash(["endpoint", judge.url, judge.model, TEMPERATURE])
        self._judge, self._budget, self._timeout, self._sleep = judge, budget, timeout, sleep
        self._proxied = not is_this_machine(str(urlsplit(judge.url).hostname))
        self._tls = httpx.create_ssl_context()

    def answer(self, request: Request) -> Reply:
        """Raises NoAnswer where ATTEMPTS calls bring no answer in the form, or no call can."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._call(request)
            except _Again as fault:
                if attempt == ATTEMPTS:
                    raise NoAnswer(f"{self._judge.name} {fault}, {ATTEMPTS} times over") from fault
                self._sleep(min(max(fault.wait, 2.0**attempt * random.uniform(0.5, 1.0)), LONGEST_WAIT))
        raise AssertionError

    def _call(self, request: Request) -> Reply:
        headers = self._headers()
        aside = self._budget.take(self._judge.name, request)
        try:
            heard = asyncio.run(asyncio.wait_for(self._post(self._body(request), headers), self._timeout))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise _Again(f"did not answer within {self._timeout:g} s") from error
        except httpx.HTTPError as error:
            raise _Again(f"could not be reached ({type(error).__name__})") from error
        self._refuse(heard)
        told = _object(heard.body)
        usage = told.get("usage")
        counted = usage.get("total_tokens") if isinstance(usage, dict) else None
        if isinstance(counted, int) and counted >= 0:
            self._budget.settle(self._judge.name, aside, counted)
        return self._read(told, request)

    def _headers(self) -> dict[str, str]:
        name = self._judge.key_env
        if not name:
            return {}
        key = os.environ.get(name, "").strip()
        if not key.isascii() or not key:
            raise NoAnswer(f"{self._judge.name} needs a key; set the environment variable {name}", final=True)
        return {"Authorization": f"Bearer {key}"}

    def _body(self, request: Request) -> dict[str, Any]:
        name, schema = request.kind.partition("@")[0], request.schema()
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

    async def _post(self, body: dict[str, Any], headers: dict[str, str]) -> _Heard:
        """Cancelled from outside when its time is up: httpx itself bounds each read alone, not all of them.

        What goes to this machine goes past any proxy, which would get to see the key.
        """
        address, content = f"{self._judge.url.rstrip('/')}/chat/completions", b""
        client = httpx.AsyncClient(
            timeout=self._timeout, verify=self._tls, trust_env=self._proxied, follow_redirects=False
        )
        async with client, client.stream("POST", address, json=body, headers=headers) as response:
            async for part in response.aiter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise NoAnswer(f"{self._judge.name} answered with more than {LARGEST} bytes")
            return _Heard(response.status_code, response.headers, content)

    def _refuse(self, heard: _Heard) -> None:
        """What a server says of an error may hold the key or the transcript, and is not repeated."""
        status, name = heard.status, self._judge.name
        if status in _PASSING or status >= 500:
            raise _Again(f"answered with HTTP {status}", asked_wait(heard.headers))
        if status in _HOPELESS:
            raise NoAnswer(f"{name} answered with HTTP {status}; check its url, model and key", final=True)
        if status != 200:
            raise NoAnswer(
                f"{name} answered with HTTP {status}: it may not take a JSON schema, or a transcript this long"
            )

    def _read(self, told: dict[str, Any], request: Request) -> Reply:
        try:
            message = told["choices"][0]["message"]
            if message.get("refusal"):
                raise NoAnswer(f"{self._judge.name} refused to judge an item")
            answer = request.form.model_validate_json(message["content"])
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise _Again("gave an answer that is not in the form it was given") from error
        return Reply(answer, visible(str(told.get("model") or ""))[:LONGEST_NAME])


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Again("gave an answer that is not JSON") from error
    if not isinstance(told, dict):
        raise _Again("gave an answer that is not in the form it was given")
    return told
