"""A .gguf file is read by llama.cpp itself: its weights, its tokenizer and its answers are the model's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errata.documents.source_metadata import MetadataField
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import CARD, MANIFEST, Card, seal, verify
from errata.inference.llama_server import LlamaServer
from errata.inference.model import open_model
from errata.inference.source_metadata import gguf_metadata, write_source_metadata
from errata.inference.tokenizer import load_tokenizer
from registry.export.gguf_export import export_gguf
from registry.export.server import export_server
from tests.made_up_architectures import LLAMA3, PROMPT, gemma3, llama, qwen2, qwen3, transformers_logs, write
from tests.made_up_model import make_tokenizer
from tests.made_up_record import talk

pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")


def export(folder: Path, precision: str = "f16") -> Path:
    out = folder.with_name(f"{folder.name}-{precision}")
    export_gguf(folder, out, precision)
    return out


def llama_cpp_likeliest(folder: Path) -> dict[int, float]:
    """The ten likeliest tokens after PROMPT, with their log probabilities, by llama.cpp."""
    [path] = folder.glob("*.gguf")
    server = LlamaServer(path, 128, 1)
    assert server.vocabulary() == json.loads((folder.parent / "model" / "config.json").read_text())["vocab_size"]
    # What is said is not looked at: a token that is no whole character would be kept back, and its probabilities too.
    request = {"prompt": PROMPT, "n_predict": 1, "n_probs": 10, "grammar": 'root ::= "a"'}
    answer = server._ask("POST", "/completion", request)
    return {entry["id"]: entry["logprob"] for entry in answer["completion_probabilities"][0]["top_logprobs"]}


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (llama, {}),
        (llama, {"rope_parameters": LLAMA3, "attention_bias": True}),
        (qwen2, {}),
        (qwen3, {}),
        (gemma3, {}),
        (gemma3, {"rms_norm_eps": 1e-3}),
    ],
    ids=["llama", "llama 3", "qwen2", "qwen3", "gemma3", "gemma3 otherwise"],
)
def test_llama_cpp_computes_what_transformers_does(
    model: Callable[..., Any], changes: dict[str, Any], tmp_path: Path
) -> None:
    folder = write(model, tmp_path / "model", **changes)
    right = transformers_logs(folder)
    for token, log in llama_cpp_likeliest(export(folder)).items():
        assert log == pytest.approx(float(right[token]), abs=0.03), "16 bits round a little"


@pytest.mark.parametrize(
    ("model", "changes", "reason"),
    [
        (gemma3, {"layer_types": ["sliding_attention"] * 7}, "another order of windowed layers"),
        (gemma3, {"query_pre_attn_scalar": 64}, "another scale of attention"),
        (gemma3, {"final_logit_softcapping": 30.0}, "softcapping"),
        (qwen2, {"use_sliding_window": True, "sliding_window": 64}, "a sliding window"),
        (llama, {"rope_parameters": {"rope_type": "linear", "rope_theta": 500.0, "factor": 2.0}}, "of the type linear"),
    ],
)
def test_what_llama_cpp_would_compute_otherwise_is_refused(
    model: Callable[..., Any], changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    folder = write(model, tmp_path / "model", **changes)
    with pytest.raises(BadInput, match=reason):
        export(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_architecture_that_is_not_written_is_refused_by_name(tmp_path: Path) -> None:
    folder = write(llama, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "phi"}))
    seal(folder)
    with pytest.raises(BadInput, match=r"a phi model, and .* llama, qwen2, qwen3, gemma3 alone"):
        export(folder)


@pytest.mark.parametrize("precision", ["f16", "q8_0", "q4_k_m"])
def test_an_adapter_is_exported_merged_and_answers(precision: str, adapter: Path, models: Path, tmp_path: Path) -> None:
    if precision == "q4_k_m":
        pytest.importorskip("ik_llama_cpp")
    export_server(adapter, models, tmp_path / "server")
    out = tmp_path / "gguf"
    identity = export_gguf(tmp_path / "server", out, precision)
    assert verify(out) == identity
    assert Card.read(out) == Card("inline", 256, "gguf", "", training_watermark=40)
    names = {path.name for path in out.iterdir()}
    assert {f"model-{precision.upper()}.gguf", "tokenizer.json", CARD, MANIFEST} < names
    for reading in open_model(out, models).answer([talk(name, lines=4) for name in "ab"]):
        assert not reading.problems or any("was cut" in problem for problem in reading.problems)


def test_no_kind_of_weights_is_the_fork_s_own(tmp_path: Path) -> None:
    from gguf import GGUFReader

    pytest.importorskip("ik_llama_cpp")
    folder = write(llama, tmp_path / "model", hidden_size=96, head_dim=24, intermediate_size=256, num_hidden_layers=10)
    [path] = export(folder, "q4_k_m").glob("*.gguf")
    kinds = {tensor.tensor_type.name for tensor in GGUFReader(path).tensors}
    assert "Q4_K" in kinds and kinds <= {"F32", "Q4_K", "Q5_0", "Q5_K", "Q6_K", "Q8_0"}
    assert llama_cpp_likeliest(path.parent)


def test_without_a_quantiser_one_sentence_says_what_to_install(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.export.kquants.find_spec", lambda _: None)
    with pytest.raises(Unavailable, match=r"\[kquants\]"):
        export_gguf(base, tmp_path / "out", "q4_k_m")
    assert list(tmp_path.iterdir()) == []


LINES = [
    "so today we talk about gardens",
    "  two blanks, and 1234567 numbers: it's 3.5 %",
    "häßlich 你好 мир 🙂👩‍👩‍👧 ﷺ\u200b\u00a0",
    "<|eos|> and <|new|> are words here",
    "\n\n\ttabs\n",
]


def sentencepiece() -> Any:
    """A tokenizer as Llama 2 and Gemma have theirs: of characters, with bytes for those that it lacks."""
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    inner.normalizer = normalizers.Replace(" ", "▁")
    special = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    words = ["so today we talk about gardens and then it is about words"] * 20
    inner.train_from_iterator(words, trainers.BpeTrainer(vocab_size=320, special_tokens=special))
    inner.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    file = json.loads(inner.to_str())
    file["added_tokens"] = file["added_tokens"][:4]  # the trainer's way to have bytes in the vocabulary
    inner = Tokenizer.from_str(json.dumps(file))
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>")


@pytest.mark.parametrize("kind", ["gpt-2", "qwen2", "llama-bpe", "sentencepiece"])
def test_llama_cpp_s_token_ids_are_the_tokenizer_s(kind: str, tmp_path: Path) -> None:
    from tokenizers import Regex, pre_tokenizers

    from registry.export.gguf_tokenizer import WORDS

    folder = write(llama, tmp_path / "model")
    tokenizer = sentencepiece() if kind == "sentencepiece" else make_tokenizer(spaced=False)
    for expression, name in WORDS.items():
        if name == kind:
            cut = pre_tokenizers.Split(Regex(expression), "isolated")
            whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
            tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, whole])
    tokenizer.save_pretrained(folder)
    seal(folder)
    [path] = export(folder).glob("*.gguf")
    server, tokenizer = LlamaServer(path, 128, 1), load_tokenizer(folder)
    for line in LINES:
        right = tokenizer.encode(line, add_special_tokens=False, split_special_tokens=True)
        assert server.tokenize(line) == right, line


def test_a_tokenizer_that_llama_cpp_does_not_have_is_refused(tmp_path: Path) -> None:
    from tokenizers import pre_tokenizers

    folder = write(llama, tmp_path / "model")
    tokenizer = make_tokenizer(spaced=False)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save_pretrained(folder)
    seal(folder)
    with pytest.raises(BadInput, match="a tokenizer of a kind that llama"):
        export(folder)


def test_a_model_out_of_a_gguf_file_keeps_that_file_s_tokenizer(tmp_path: Path) -> None:
    """The keys of it that no `tokenizer.json` has, too."""
    folder = write(llama, tmp_path / "model")
    [path] = export(folder).glob("*.gguf")
    metadata = gguf_metadata(path)
    own = {
        "tokenizer.ggml.pre": MetadataField("STRING", "qwen2"),
        "tokenizer.ggml.eot_token_id": MetadataField("UINT32", 7),
    }
    write_source_metadata(folder, replace(metadata, fields={**metadata.fields, **own}))
    seal(folder)
    [path] = export(folder, "q8_0").glob("*.gguf")
    found = gguf_metadata(path).fields
    wanted = {key: field for key, field in {**metadata.fields, **own}.items() if key.startswith("tokenizer.")}
    assert {key: field for key, field in found.items() if key.startswith("tokenizer.")} == wanted


def test_rows_that_no_block_fills_stay_at_16_bits(tmp_path: Path) -> None:
    from gguf import GGUFReader

    folder = write(llama, tmp_path / "model", hidden_size=80, head_dim=20)
    [path] = export(folder, "q8_0").glob("*.gguf")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(path).tensors}
    assert kinds["token_embd.weight"] == "F16" and kinds["blk.0.ffn_down.weight"] == "Q8_0"
    assert all(math.isfinite(log) for log in llama_cpp_likeliest(path.parent).values())
