"""llama.cpp's server, in a process of its own, asked over HTTP on the loopback: only so it takes token ids.

In a process of its own, since llama.cpp ends its process where a file is damaged or something goes wrong within.
"""

from __future__ import annotations

import math
import secrets
import subprocess
import sys
import weakref
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from errata.errors import BadInput, Unavailable, missing_extra
from errata.files import JsonObject
from errata.progress import note

ABOVE = 1_000.0
"""What lifts a logit above any other."""
LEAST = 1e-38
"""The least chance that counts: fp32's own limit."""
LIKELIEST = 10
"""Tokens whose probability is asked."""
UNLIMITED = httpx.Timeout(None)
"""A long prompt takes minutes, and where the process ends, the connection does."""
_PATIENCE_S = 10
"""For the process to end by itself."""


class LlamaServer:
    """One model, one prompt at a time, on `threads` threads; `context` are the tokens of prompt and answer together.

    Its process ends with this object. If it ends before, it is started again, once for each request.

    Raises BadInput for a file that llama.cpp can't read, and Unavailable without the extra `gguf`.
    """

    def __init__(self, path: Path, context: int, threads: int) -> None:
        if find_spec("xllamacpp") is None:
            raise missing_extra("xllamacpp is not installed, so llama.cpp can't run or check GGUF files", "gguf")
        self._arguments = [str(path), str(context), str(threads)]
        self._start()

    def vocabulary(self) -> int:
        """Tokens that the model can give."""
        return int(self._ask("GET", "/v1/models")["data"][0]["meta"]["n_vocab"])

    def complete(self, prompt: Sequence[int], grammar: str, longest: int, cached: bool) -> list[int]:
        """The likeliest tokens after `prompt` under a grammar, llguidance's Lark, `longest` of them at most.

        With `cached`, what the last prompt and this one begin with alike is not read again. A grammar that llama.cpp
        can't read it drops without a word: whoever asks looks at what comes.
        """
        request = {
            "prompt": list(prompt),
            "n_predict": longest,
            "grammar": f"%llguidance {{}}\n{grammar}",
            "cache_prompt": cached,
            "samplers": ["top_k"],
            "top_k": 1,
            "return_tokens": True,
        }
        return [int(token) for token in self._ask("POST", "/completion", request)["tokens"]]

    def log_odds(self, prompt: Sequence[int], rather: int, than: int, cached: bool) -> float:
        """How much likelier the token `rather` is than `than` after `prompt`: the difference of their logits.

        Both are raised above all others by as much, so that the two likeliest are these.
        """
        request = {
            "prompt": list(prompt),
            "n_predict": 1,
            "cache_prompt": cached,
            "logit_bias": [[rather, ABOVE], [than, ABOVE]],
            "samplers": ["top_k"],
            "top_k": 2,
            "n_probs": 2,
            "post_sampling_probs": True,
        }
        [found] = self._ask("POST", "/completion", request)["completion_probabilities"]
        chances = {entry["id"]: float(entry["prob"]) for entry in found["top_probs"]}
        return math.log(max(chances[rather], LEAST)) - math.log(max(chances[than], LEAST))

    def likeliest(self, prompt: Sequence[int]) -> dict[int, float]:
        """The likeliest tokens after `prompt`, with the natural logarithm of the probability of each; none where the
        very likeliest is a part of a letter, of which llama.cpp says nothing."""
        # an end is no answer whose probabilities it tells
        request = {"prompt": list(prompt), "n_predict": 1, "n_probs": LIKELIEST, "temperature": 0.0, "ignore_eos": True}
        found = self._ask("POST", "/completion", request).get("completion_probabilities")
        return {int(entry["id"]): float(entry["logprob"]) for entry in found[0]["top_logprobs"]} if found else {}

    def tokenize(self, text: str) -> list[int]:
        """As the file's own tokenizer does, without special tokens."""
        request = {"content": text, "add_special": False, "parse_special": False}
        return [int(token) for token in self._ask("POST", "/tokenize", request)["tokens"]]

    def _ask(self, method: str, path: str, request: JsonObject | None = None) -> Any:
        try:
            response = self._client.request(method, path, json=request)
        except httpx.HTTPError:
            note(f"llama.cpp ended ({self._ended()}) and is started again")
            self._start()
            response = self._ask_again(method, path, request)
        answer = response.json()
        if not response.is_success:
            raise BadInput(f"llama.cpp refuses a prompt ({answer['error']['message']}); take a model with more context")
        return answer

    def _ask_again(self, method: str, path: str, request: JsonObject | None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=request)
        except httpx.HTTPError as error:
            raise Unavailable(f"llama.cpp ended twice ({self._ended()}); run the command again") from error

    def _start(self) -> None:
        key = secrets.token_urlsafe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "errata.inference.llama_process", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # an interrupt is for whoever asks
        )
        weakref.finalize(self, _end, self._process)
        address = _handshake(self._process, key)
        if not address:
            path = self._arguments[0]
            raise BadInput(f"llama.cpp can't read {path} ({self._ended()}); see that it is whole, of a kind it knows")
        self._client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=UNLIMITED,
            trust_env=False,  # past any proxy
        )

    def _ended(self) -> str:
        """How the process ended, which it is waited for: its last line, else its exit code."""
        said = [line for line in _end(self._process).decode(errors="replace").splitlines() if line.strip()]
        return said[-1].strip()[:200] if said else f"exit code {self._process.returncode}"


def _handshake(process: subprocess.Popen[bytes], key: str) -> str:
    """The server's address; nothing where the process ended before it had one."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process has no pipes")
    try:
        process.stdin.write(f"{key}\n".encode())
        process.stdin.flush()
    except BrokenPipeError:
        return ""
    return process.stdout.readline().decode().strip()


def _end(process: subprocess.Popen[bytes]) -> bytes:
    """The process ends as its stdin does; what it said of errors."""
    try:
        return process.communicate(timeout=_PATIENCE_S)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[1]
    except ValueError:  # it was asked before
        return b""
