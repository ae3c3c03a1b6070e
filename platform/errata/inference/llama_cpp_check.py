"""Whether what was made of a GGUF file does as llama.cpp does: it reads lines alike, and goes on alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.errors import BadInput
from errata.inference.llama_server import LlamaServer
from errata.inference.probe_lines import probe_lines
from errata.tasks.encode import ids
from errata.tasks.prompt import Text

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

LEAST_CONTEXT = 8
"""Tokens of room that llama.cpp wants even where it writes one."""
_SHOWN = 60
"""Letters of a line that a refusal quotes."""
TEXT = (
    "Welcome back. Today we talk about money, about gardens and about the weather, and then we take a question from "
    "the audience. First, the news of this week: prices have gone up by 2.5 per cent, and nobody knows why. "
) * 2
_TEXTS = 4
"""Beginnings of the text, by which both go on."""
TOLERANCE = 0.5
"""Of the likeliest tokens' log-probabilities, on average: llama.cpp's kernels round what passes through them, which
moves Gemma 3 270M in 4 bits by 0.09; attention that is scaled wrongly, by 1.3."""


def check_tokenizer(path: Path, tokenizer: Tokenizer) -> None:
    """`tokenizer` was rebuilt from the file at `path`. Raises BadInput where llama.cpp reads a line otherwise, quoting
    the first; Unavailable without the extra `gguf`."""
    server = LlamaServer(path, LEAST_CONTEXT, 1)
    for line in probe_lines(tokenizer):
        found, expected = ids(Text(line), tokenizer), server.tokenize(line)
        if found != expected:
            raise BadInput(
                f"the tokenizer of {path} can't be rebuilt: {line[:_SHOWN]!r} becomes {len(found)} tokens and in "
                f"llama.cpp {len(expected)}, which differ; give the model's folder, or its id on the hub"
            )


def check_model(path: Path, tokenizer: Tokenizer, model: Any) -> None:
    """`model` has the weights of the file at `path`. Raises BadInput where llama.cpp goes on otherwise from a text, and
    Unavailable without the extra `gguf`."""
    text = tokenizer(TEXT).input_ids
    texts = [text[: len(text) * share // _TEXTS] for share in range(1, _TEXTS + 1)]
    server = LlamaServer(path, max(map(len, texts)) + LEAST_CONTEXT, 1)
    apart = _distance(model, texts, [server.likeliest(each) for each in texts])
    if apart > TOLERANCE:
        raise BadInput(
            f"{path} can't be dequantised: transformers and llama.cpp go on from the same text otherwise (by "
            f"{apart:.1f} in the logarithm of what is likeliest); give the model's folder, or its id on the hub"
        )


def _distance(model: Any, texts: Sequence[Sequence[int]], right: Sequence[dict[int, float]]) -> float:
    """Between the log-probabilities of the tokens that llama.cpp finds likeliest, on average."""
    import torch

    with torch.inference_mode():
        found = [model(torch.tensor([list(text)])).logits[0, -1].float().log_softmax(-1) for text in texts]
    apart = [
        abs(float(ours[token]) - value)
        for ours, each in zip(found, right, strict=True)
        for token, value in each.items()
    ]
    return sum(apart) / max(1, len(apart))
