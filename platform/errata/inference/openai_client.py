"""The one client of OpenAI-compatible servers (vLLM, SGLang, Ollama, llama.cpp's): a call, its faults, and retries.

Models that are compared and judges are both asked through it. What a server says of a fault may hold the key or the
transcript: it stands in `detail`, and whoever catches a fault decides whether to repeat it.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TypeVar

import httpx

from errata.domain.hosts import is_this_machine
from errata.files import JsonObject

ATTEMPTS = 4
FIRST_WAIT = 2.0
"""Seconds before the second attempt, at most; twice as long before each further one, or as long as the server asks."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most; a server that asks for longer is asked again after this."""
LARGEST = 1_000_000
"""Bytes of an answer that are read."""
_PASSING = frozenset({408, 409, 425, 429})
"""What a busy server says, besides every 5xx."""

T = TypeVar("T")


class CallFailed(Exception):
    """A call without an answer. Its text says what the server did, after its name: "answered with HTTP 400"."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = " ".join(detail.split())[:200]
        """The server's own words, on one line."""


class Passing(CallFailed):
    """The server is busy, silent or away: worth another attempt."""

    def __init__(self, reason: str, detail: str = "", wait: float = 0.0) -> None:
        super().__init__(reason, detail)
        self.wait = wait
        """Seconds that the server asked for."""


class CallRefused(CallFailed):
    """The key, the address or the request is wrong."""

    def __init__(self, reason: str, detail: str, status: int) -> None:
        super().__init__(reason, detail)
        self.status = status


class Malformed(CallFailed):
    """What was answered is not of the OpenAI kind."""


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    cut: bool
    """Whether it ended at the limit of tokens."""
    refused: bool
    model: str
    """As which the server says it answered; empty where it doesn't say."""


class OpenAIClient:
    """`url` is the whole address to post to; `timeout` are the seconds that one call may take in all."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url, self._timeout = url, timeout

    def post(self, body: JsonObject, key: str = "") -> JsonObject:
        """The object that the server answers. `key` goes into one header, and nowhere else. Raises CallFailed."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            # httpx itself bounds each read alone: a server that drips could take for ever.
            response, content = asyncio.run(asyncio.wait_for(self._exchange(body, headers), self._timeout))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Passing(f"did not answer within {self._timeout:g} s") from error
        except httpx.HTTPError as error:
            raise Passing(f"could not be reached ({type(error).__name__})", str(error)) from error
        _check_status(response, content)
        return _json_object(content)

    async def _exchange(self, body: JsonObject, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
        """What goes to this machine goes past any proxy, which would get to see the key."""
        content = b""
        proxied = not is_this_machine(httpx.URL(self._url).host)
        client = httpx.AsyncClient(timeout=self._timeout, verify=_tls(), trust_env=proxied, follow_redirects=False)
        async with client, client.stream("POST", self._url, json=body, headers=headers) as response:
            async for part in response.aiter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise CallFailed(f"answered with more than {LARGEST} bytes")
            return response, content


@cache
def _tls() -> ssl.SSLContext:
    """One for all: to read every authority's certificate takes longer than a call."""
    return httpx.create_ssl_context()


def with_retries(
    call: Callable[[], T], again: tuple[type[CallFailed], ...] = (Passing,), sleep: Callable[[float], None] = time.sleep
) -> T:
    """The answer of the first of `ATTEMPTS` calls that brings one. Raises the last one's fault, or one not in `again`.

    Waits double, and vary so that clients which failed together don't come back together.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return call()
        except again as fault:
            requested = fault.wait if isinstance(fault, Passing) else 0.0
            sleep(min(max(requested, FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)), LONGEST_WAIT))
    return call()


def read_completion(reply: JsonObject) -> Completion:
    """Of `chat/completions` or of `completions`. Raises Malformed."""
    try:
        choice = reply["choices"][0]
        message = choice["message"] if "message" in choice else {"content": choice["text"]}
        return Completion(
            text=str(message["content"] or ""),
            cut=choice.get("finish_reason") == "length",
            refused=bool(message.get("refusal")),
            model=str(reply.get("model") or ""),
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise Malformed("gave an answer that is not in the form it was given", json.dumps(reply)) from error


def tokens_used(reply: JsonObject) -> int | None:
    """Prompt and answer, as the server counted; None where it doesn't say."""
    usage = reply.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and total >= 0 else None


def _check_status(response: httpx.Response, content: bytes) -> None:
    """Raises CallRefused, or Passing where another attempt may fare better."""
    if response.is_success:
        return
    reason, detail = f"answered with HTTP {response.status_code}", content.decode(errors="replace")
    if response.status_code in _PASSING or response.status_code >= 500:
        raise Passing(reason, detail, asked_wait(response.headers))
    raise CallRefused(reason, detail, response.status_code)


def asked_wait(headers: httpx.Headers) -> float:
    """Seconds of `Retry-After`, which is a number or a date (RFC 9110, 10.2.3); 0 without one that can be read."""
    value = headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _json_object(content: bytes) -> JsonObject:
    detail = content.decode(errors="replace")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Malformed("gave an answer that is not JSON", detail) from error
    if not isinstance(value, dict):
        raise Malformed("gave an answer that is not in the form it was given", detail)
    return value
