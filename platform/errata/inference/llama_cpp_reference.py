"""What llama.cpp itself makes of a GGUF file, for comparison: its ids of lines, and what it would say next.

It runs in a process of its own, since on a damaged file llama.cpp ends its process:

    python -m errata.inference.llama_cpp_reference FILE < questions.json > answers.json
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from errata.errors import BadInput, missing_extra

LIKELIEST = 10
"""Tokens whose probability is asked."""


@dataclass(frozen=True, slots=True)
class LlamaCppAnswers:
    ids: list[list[int]]
    """Of each line, whose words are no special tokens and which nothing is put before."""
    next_tokens: list[dict[int, float]]
    """After each text: the likeliest tokens, with the natural logarithm of the probability of each; none where the very
    likeliest is a part of a letter, of which llama.cpp says nothing."""


def ask_llama_cpp(path: Path, lines: Sequence[str], texts: Sequence[Sequence[int]]) -> LlamaCppAnswers:
    """`texts` are token ids.

    Raises BadInput for a file that llama.cpp can't load, and Unavailable without the extra `gguf`.
    """
    if find_spec("xllamacpp") is None:
        raise missing_extra("xllamacpp is not installed, so what is made of a GGUF file can't be checked", "gguf")
    questions = json.dumps({"lines": lines, "texts": texts})
    command = [sys.executable, "-m", __name__, str(path)]
    done = subprocess.run(command, input=questions, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = said[-1].strip()[:200] if said else f"exit code {done.returncode}"
        raise BadInput(f"{path} can't be loaded by llama.cpp ({reason}); copy or download it again")
    answers = json.loads(done.stdout.splitlines()[-1])
    probabilities = [{int(token): value for token, value in each.items()} for each in answers["next_tokens"]]
    return LlamaCppAnswers(answers["ids"], probabilities)


def _answers(path: str, lines: Sequence[str], texts: Sequence[Sequence[int]]) -> LlamaCppAnswers:
    import httpx
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx, params.n_parallel, params.cache_ram_mib = max(map(len, texts), default=0) + 8, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = params.fit_params = params.ui = False
    params.no_extra_bufts = True  # else every weight is copied into another order
    params.verbosity = -1
    server = xllamacpp.Server(params)
    with httpx.Client(base_url=server.listening_address, trust_env=False, timeout=600) as client:
        return LlamaCppAnswers([_ids(client, line) for line in lines], [_next_tokens(client, text) for text in texts])


def _ids(client: Any, line: str) -> list[int]:
    answer = client.post("/tokenize", json={"content": line, "add_special": False, "parse_special": False})
    ids: list[int] = answer.raise_for_status().json()["tokens"]
    return ids


def _next_tokens(client: Any, text: Sequence[int]) -> dict[int, float]:
    # an end is no answer whose probabilities it tells
    question = {"prompt": list(text), "n_predict": 1, "n_probs": LIKELIEST, "temperature": 0.0, "ignore_eos": True}
    answer = client.post("/completion", json=question).raise_for_status().json()
    likeliest = answer.get("completion_probabilities")
    return {token["id"]: token["logprob"] for token in likeliest[0]["top_logprobs"]} if likeliest else {}


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(asdict(_answers(sys.argv[1], **json.load(sys.stdin)))) + "\n")
