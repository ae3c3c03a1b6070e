"""What is wrong with a model that somebody brings is said at `errata init`, in a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errata.errors import BadInput
from errata.inference.artefact import CARD, Card
from errata.loop.init import _card
from errata.loop.model_check import check_model
from tests.made_up_model import make_model, make_tokenizer

CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<|me|>{% endif %}"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama as somebody else saves one: without a card."""
    folder = tmp_path_factory.mktemp("models") / "Träger eins"
    make_model(folder, template="indexed", context=1024)
    (folder / CARD).unlink()
    return folder


@pytest.fixture
def model(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "Träger eins"))


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize("template", ["indexed", "timestamps", "json", "inline", "borders"])
def test_a_model_that_can_be_asked_and_trained_passes(model: Path, template: str) -> None:
    check_model(model, Card(template, 1024))


@pytest.mark.parametrize("template", ["indexed", "timestamps", "json"])
def test_a_chat_template_is_worn(model: Path, template: str) -> None:
    edit(model / "tokenizer_config.json", lambda value: value.update(chat_template=CHAT))
    check_model(model, Card(template, 1024))


@pytest.mark.parametrize("template", ["inline", "borders"])
def test_the_embedded_model_would_pass(template: str) -> None:
    from errata.project_files import embedded_model

    check_model(embedded_model(), replace(Card.read(embedded_model()), template=template))


def no_eos(folder: Path) -> None:
    edit(folder / "tokenizer_config.json", lambda value: value.pop("eos_token"))


def no_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')


def large_tokenizer(folder: Path) -> None:
    tokenizer = make_tokenizer()
    tokenizer.add_tokens([f"<|extra {number}|>" for number in range(50)])
    tokenizer.save_pretrained(folder)


def chat_that_raises(folder: Path) -> None:
    refuses = "{{ raise_exception('system first') }}"
    edit(folder / "tokenizer_config.json", lambda value: value.update(chat_template=refuses))


def chat_without_words(folder: Path) -> None:
    edit(folder / "tokenizer_config.json", lambda value: value.update(chat_template="<|user|><|me|>"))


def no_markers(folder: Path) -> None:
    import tokenizers
    from transformers import PreTrainedTokenizerFast

    plain = tokenizers.ByteLevelBPETokenizer()
    plain.train_from_iterator(["some words"], vocab_size=300, special_tokens=["<|eos|>"])
    inner = tokenizers.Tokenizer.from_str(plain.to_str())
    PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|eos|>").save_pretrained(folder)


def unknown_kind(folder: Path) -> None:
    edit(folder / "config.json", lambda value: value.update(model_type="novelty", architectures=["Novelty"]))


def masked(folder: Path) -> None:
    from transformers import BertConfig

    BertConfig(
        vocab_size=500, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, architectures=["BertForMaskedLM"]
    ).save_pretrained(folder)


def state_space(folder: Path) -> None:
    from transformers import MambaConfig

    MambaConfig(vocab_size=500, hidden_size=16, num_hidden_layers=1).save_pretrained(folder)


def no_language_model(folder: Path) -> None:
    from transformers import ViTConfig

    ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=500).save_pretrained(folder)


def no_weights(folder: Path) -> None:
    for path in folder.glob("*.safetensors"):
        path.unlink()


def cut_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])


def weights_cut_at_their_end(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def missing_part(folder: Path) -> None:
    parts = {"model.embed_tokens.weight": "model.safetensors", "model.norm.weight": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))


def broken_index(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text("[]")


def code_of_its_own(folder: Path) -> None:
    edit(folder / "config.json", lambda value: value.update(model_type="novel", auto_map={"AutoConfig": "code.Config"}))
    (folder / "code.py").write_text("raise SystemExit('run')")


@pytest.mark.parametrize(
    ("spoil", "template", "context", "says"),
    [
        (weights_cut_at_their_end, "indexed", 512, "copy or download it again"),
        (missing_part, "indexed", 512, r"lacks model-00002-of-00002\.safetensors, a part of its weights"),
        (broken_index, "indexed", 512, r"index\.json can't be read"),
        (code_of_its_own, "indexed", 512, r"can't load its config\.json"),
        (no_eos, "indexed", 512, "no end-of-sequence token"),
        (no_tokenizer, "indexed", 512, "can't load its tokenizer"),
        (broken_tokenizer, "indexed", 512, "can't load its tokenizer"),
        (large_tokenizer, "indexed", 512, r"has \d+ tokens and the model \d+; give the one that belongs to it"),
        (chat_that_raises, "indexed", 512, r"system first\); mend it; for this model say --template inline or bord"),
        (
            chat_without_words,
            "indexed",
            512,
            "what the user says; mend it; for this model say --template inline or borders$",
        ),
        (no_markers, "inline", 512, r"has no token <\|new\|>, as the template inline needs; .* --template indexed"),
        (unknown_kind, "indexed", 512, "can't load its config.json"),
        (masked, "indexed", 512, "was saved as a BertForMaskedLM, which is no BertLMHeadModel"),
        (state_space, "indexed", 512, "is a MambaForCausalLM, which has no"),
        (no_language_model, "indexed", 512, "as a causal language model"),
        (no_weights, "indexed", 512, "has no weights"),
        (cut_weights, "indexed", 512, "copy or download it again"),
        (lambda _: None, "indexed", 4096, "can see 2048 tokens and not 4096; say --context 2048, or less"),
        (lambda _: None, "indexed", 64, "a context of 64 tokens is too short"),
    ],
)
def test_what_is_wrong_with_a_model_is_one_sentence(
    model: Path, spoil: Callable[[Path], None], template: str, context: int, says: str
) -> None:
    spoil(model)
    with pytest.raises(BadInput, match=says) as refusal:
        check_model(model, Card(template, context))
    assert "\n" not in str(refusal.value)


def test_a_model_without_a_card_may_see_as_much_as_it_can(model: Path) -> None:
    assert _card(model, "indexed", None) == Card("indexed", 2048)
    assert _card(model, "indexed", 512) == Card("indexed", 512)
    edit(model / "config.json", lambda value: value.update(max_position_embeddings=131072))
    assert _card(model, "indexed", None) == Card("indexed", 4096)
