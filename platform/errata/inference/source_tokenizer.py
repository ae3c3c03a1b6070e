"""The tokenizer inside a GGUF file, rebuilt from the file's own vocabulary.

transformers' conversion is not taken: of a vocabulary with scores and without merges it makes one that splits words
into letters. SentencePiece joins the two neighbours that make the piece of the best score, until none do. As merges,
which is what `tokenizers` has, that is: every way to split a piece into two pieces, ranked by the score of the whole.

What comes of it is to be compared with llama.cpp's own ids (`llama_cpp_check.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from errata.documents.source_metadata import SourceMetadata
from errata.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4
"""llama.cpp's kinds of tokens, as far as they matter here."""
_ROLES = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
_BLANK = "▁"

_LETTERS_AND_MARKS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPLITS = {
    "gpt-2": "",
    "smollm": r"\p{N}",
    "qwen2": _LETTERS_AND_MARKS % r"\p{N}",
    "llama-bpe": _LETTERS_AND_MARKS % r"\p{N}{1,3}",
}
"""How words are split before their bytes are merged, by `tokenizer.ggml.pre`: as in llama.cpp's `llama-vocab.cpp`."""
_ENDS = {
    *("</s>", "<eos>", "<|endoftext|>", "<|im_end|>", "<|end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>"),
    *("<|return|>", "<|call|>", "<|calls|>", "< EOT >", "_< EOT >", "[EOT]", "<EOT>", "<｜end▁of▁sentence｜>"),
    "<end_of_utterance>",
}
"""What llama.cpp takes for the end of an answer by its name, and so for a control token, whatever the file says."""


def rebuilt_tokenizer(metadata: SourceMetadata) -> PreTrainedTokenizerFast:
    """Raises BadInput for a file without a vocabulary, and by name for a kind of tokenizer that is not known here."""
    from transformers import PreTrainedTokenizerFast

    tokens = cast(list[str], _list(metadata, "tokens"))
    kinds = cast(list[int], _list(metadata, "token_type"))
    match metadata.text("tokenizer.ggml.model"):
        case "llama":
            inner = _scored(metadata, tokens, kinds)
        case "gpt2":
            inner = _merged(metadata, tokens)
        case other:
            raise BadInput(
                f"{metadata.file} has a tokenizer of the kind {other!r}, and only llama and gpt2 can be rebuilt; give "
                "the model's folder, or its id on the hub"
            )
    _add_tokens(inner, tokens, kinds)
    ids = {role: metadata.number(f"tokenizer.ggml.{name}_token_id") for role, name in _ROLES.items()}
    special = {f"{role}_token": tokens[number] for role, number in ids.items() if number is not None}
    bos, scored = ids["bos"], metadata.text("tokenizer.ggml.model") == "llama"
    if bos is not None and metadata.flag("tokenizer.ggml.add_bos_token", scored):
        _begin_with(inner, tokens[bos], bos)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        model_max_length=metadata.number(f"{metadata.text('general.architecture')}.context_length"),
        chat_template=metadata.text("tokenizer.chat_template") or None,
        **special,
    )


def _list(metadata: SourceMetadata, name: str) -> list[bool] | list[int] | list[float] | list[str]:
    field = metadata.fields.get(f"tokenizer.ggml.{name}")
    if field is None or not isinstance(field.value, list):
        raise BadInput(
            f"{metadata.file} has no tokenizer inside (no tokenizer.ggml.{name}) and none beside it; give the model's "
            "folder, or its id on the hub"
        )
    return field.value


def _scored(metadata: SourceMetadata, tokens: list[str], kinds: list[int]) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers

    scores = cast(list[float], _list(metadata, "scores"))
    model = models.BPE(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=_merges(tokens, kinds, scores),
        unk_token=tokens[metadata.number("tokenizer.ggml.unknown_token_id") or 0],
        fuse_unk=True,
        byte_fallback=True,
    )
    inner = Tokenizer(model)
    blanks, words = normalizers.Replace(" ", _BLANK), decoders.Replace(_BLANK, " ")
    joined = [words, decoders.ByteFallback(), decoders.Fuse()]
    if metadata.flag("tokenizer.ggml.add_space_prefix", default=True):
        inner.normalizer = normalizers.Sequence([normalizers.Prepend(_BLANK), blanks])
        inner.decoder = decoders.Sequence([*joined, decoders.Strip(" ", 1, 0)])
    else:
        inner.normalizer, inner.decoder = blanks, decoders.Sequence(joined)
    return inner


def _merges(tokens: list[str], kinds: list[int], scores: list[float]) -> list[tuple[str, str]]:
    """Of equal scores, the piece that stands first in the vocabulary, and of its splits, the one of earlier pieces."""
    places = {token: number for number, token in enumerate(tokens) if kinds[number] == NORMAL}
    ranked = []
    for whole, number in places.items():
        for cut in range(1, len(whole)):
            left, right = places.get(whole[:cut]), places.get(whole[cut:])
            if left is not None and right is not None:
                ranked.append((-scores[number], number, left, right))
    return [(tokens[left], tokens[right]) for *_, left, right in sorted(ranked)]


def _merged(metadata: SourceMetadata, tokens: list[str]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    name = metadata.text("tokenizer.ggml.pre")
    if name not in _SPLITS:
        raise BadInput(
            f"{metadata.file} splits words as {name or 'it does not say'!r}, and only {', '.join(_SPLITS)} are known; "
            "give the model's folder, or its id on the hub"
        )
    merges = [line.split(" ") for line in cast(list[str], _list(metadata, "merges"))]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    inner = Tokenizer(
        models.BPE(
            vocab=vocabulary, merges=[(left, right) for left, right in merges], ignore_merges=name == "llama-bpe"
        )
    )
    # of these two the bytes' own expression, which is GPT-2's, still has the last word
    is_gpt2 = name in ("gpt-2", "smollm")
    steps = [pre_tokenizers.Split(Regex(_SPLITS[name]), "isolated")] if _SPLITS[name] else []
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=is_gpt2)]
    )
    inner.decoder = decoders.ByteLevel()
    return inner


def _add_tokens(inner: Tokenizer, tokens: list[str], kinds: list[int]) -> None:
    """Those that stand for themselves in a text; control tokens only where none is somebody's words."""
    from tokenizers import AddedToken

    kind_of = dict(zip(tokens, kinds, strict=True))
    own = [token for token, kind in kind_of.items() if kind == USER_DEFINED and token not in _ENDS]
    control = [token for token, kind in kind_of.items() if kind in (CONTROL, UNKNOWN) or token in _ENDS]
    inner.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    inner.add_tokens([AddedToken(token, special=False, normalized=False) for token in own])


def _begin_with(inner: Tokenizer, token: str, number: int) -> None:
    from tokenizers import processors

    inner.post_processor = processors.TemplateProcessing(
        single=f"{token} $A", pair=f"{token} $A $B", special_tokens=[(token, number)]
    )
