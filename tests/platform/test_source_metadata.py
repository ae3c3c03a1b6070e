"""What a GGUF file says of its model stays beside what is made from it, to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from errata.documents.source_metadata import SourceMetadata
from errata.errors import BadInput
from errata.inference.artefact import SOURCE_METADATA, tokenizer_files
from errata.inference.source_metadata import gguf_metadata, source_metadata, write_source_metadata
from tests.made_up_source import sentencepiece_vocabulary, write_source

pytest.importorskip("gguf")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "made-up.gguf"
    write_source(path, chat_template="{{ messages[0].content }}")
    return path


def test_it_comes_back_as_the_file_had_it(file: Path, tmp_path: Path) -> None:
    found, vocabulary = gguf_metadata(file), sentencepiece_vocabulary()
    write_source_metadata(tmp_path, found)
    assert source_metadata(tmp_path) == found
    assert (found.file, found.bits) == ("made-up.gguf", 16.0)
    assert (found.tensors["token_embd.weight"], found.tensors["output_norm.weight"]) == ("F16", "F32")
    fields = found.fields
    assert (fields["tokenizer.ggml.tokens"].kind, fields["tokenizer.ggml.tokens"].value) == (
        "STRING",
        vocabulary.tokens,
    )
    assert (fields["tokenizer.ggml.scores"].kind, fields["tokenizer.ggml.scores"].value) == (
        "FLOAT32",
        vocabulary.scores,
    )
    assert fields["tokenizer.ggml.add_bos_token"].value is True
    assert found.text("tokenizer.chat_template") == "{{ messages[0].content }}"
    assert found.number("tokenizer.ggml.bos_token_id") == 2
    assert not any(key.startswith("GGUF.") for key in fields), "what the reader adds is not the file's"


def test_it_goes_where_the_tokenizer_goes_and_a_model_without_a_source_has_none(file: Path, tmp_path: Path) -> None:
    assert source_metadata(tmp_path) is None
    write_source_metadata(tmp_path, gguf_metadata(file))
    assert [path.name for path in tokenizer_files(tmp_path)] == [SOURCE_METADATA]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9])
def test_a_file_that_was_cut_short_is_one_sentence(file: Path, tmp_path: Path, share: float) -> None:
    data = file.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BadInput, match=r"cut\.gguf is no whole GGUF file .*copy or download it again") as refusal:
        gguf_metadata(cut)
    assert "\n" not in str(refusal.value)


def test_a_file_that_was_changed_by_hand_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / SOURCE_METADATA).write_text('{"version": 1, "fields": {}}')
    with pytest.raises(BadInput, match=rf"{SOURCE_METADATA} can't be read"):
        source_metadata(tmp_path)


def test_a_key_that_is_missing_is_said_to_be() -> None:
    bare = SourceMetadata("x.gguf", "0" * 64, 8.0, 1, {}, {})
    assert (bare.text("general.name"), bare.number("tokenizer.ggml.bos_token_id")) == ("", None)
    assert bare.flag("tokenizer.ggml.add_bos_token", True)
