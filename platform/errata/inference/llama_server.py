"""llama.cpp's server in this process (xllamacpp), asked over HTTP on the loopback: only so it takes token ids."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from errata.errors import BadInput, Unavailable
from errata.files import JsonObject

ABOVE = 1_000.0
"""What lifts a logit above any other."""
LEAST = 1e-38
"""The least chance that counts: fp32's own limit."""
UNLIMITED = httpx.Timeout(None)
"""A long prompt takes minutes, and who answers is this process."""
SILENT = -1
"""Of llama.cpp's own log, which says on stderr what each request took."""


class LlamaServer:
    """One model, one prompt at a time, on `threads` threads; `context` are the tokens of prompt and answer
    together. Raises BadInput for a file that llama.cpp can't read."""

    def __init__(self, path: Path, context: int, threads: int) -> None:
        import xllamacpp

        key = secrets.token_urlsafe()  # the port is open to every user of this machine
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel = context, 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.verbosity, params.api_keys = SILENT, [key]
        params.warmup = params.fit_params = params.ui = params.endpoint_slots = False
        try:
            self._server = xllamacpp.Server(params)  # it ends with this object
        except RuntimeError as error:
            raise BadInput(f"llama.cpp can't read {path}; see that it is whole, and of a kind it knows") from error
        self._client = httpx.Client(
            base_url=self._server.listening_address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=UNLIMITED,
            trust_env=False,  # past any proxy
        )

    def vocabulary(self) -> int:
        """Tokens that the model can give."""
        return int(self._call("GET", "/v1/models")["data"][0]["meta"]["n_vocab"])

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
        return [int(token) for token in self._call("POST", "/completion", request)["tokens"]]

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
        [found] = self._call("POST", "/completion", request)["completion_probabilities"]
        chances = {entry["id"]: float(entry["prob"]) for entry in found["top_probs"]}
        return math.log(max(chances[rather], LEAST)) - math.log(max(chances[than], LEAST))

    def tokenize(self, text: str) -> list[int]:
        """As the file's own tokenizer does, without special tokens."""
        request = {"content": text, "add_special": False, "parse_special": False}
        return [int(token) for token in self._call("POST", "/tokenize", request)["tokens"]]

    def _call(self, method: str, path: str, request: JsonObject | None = None) -> Any:
        try:
            response = self._client.request(method, path, json=request)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"llama.cpp's server broke off ({error}); run the command again") from error
        if not response.is_success:
            raise BadInput(f"llama.cpp refuses a prompt ({answer['error']['message']}); take a model with more context")
        return answer
