"""GGUF files are scored by their very weights; models from outside are taken in with a card, and left as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import errata
from errata.database.record import Record
from errata.errors import BadInput, NotFound
from errata.inference.artefact import (
    CARD,
    MANIFEST,
    TRAINING_TRANSCRIPTS,
    Card,
    adopt,
    read_training_transcripts,
    verify,
)
from errata.inference.gguf import GgufEngine
from errata.inference.load import load, load_gguf, same_weights
from errata.inference.model import FolderModel
from errata.inference.recorded import RecordedModel
from tests.made_up_gguf import write_gguf
from tests.made_up_model import make_model
from tests.made_up_record import talk

pytest.importorskip("gguf")
TINY = Path(errata.__file__).parent / "tiny"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """errata-tiny as `F32/` and `Q8_0/`."""
    folder = tmp_path_factory.mktemp("gguf")
    write_gguf(TINY, folder / "F32")
    write_gguf(TINY, folder / "Q8_0", quantised=True)
    return folder


def weights(folder: Path) -> dict[str, object]:
    engine = GgufEngine(folder) if Card.read(folder).form == "gguf" else load(folder, folder.parent)
    return dict(engine._model.state_dict())


def test_the_weights_of_an_f32_file_are_the_model_s_to_the_bit(written: Path, tmp_path: Path) -> None:
    import torch

    card = Card.read(TINY)
    adopt(written / "F32", Card("inline", card.context, "gguf"), tmp_path / "gguf")
    original, found = weights(TINY), weights(tmp_path / "gguf")
    assert original.keys() == found.keys()
    assert all(torch.equal(original[name], found[name]) for name in original)
    assert not same_weights(TINY, tmp_path / "gguf", tmp_path), "a GGUF file is scored itself, whatever it holds"


@pytest.mark.parametrize("engine", ["llama.cpp", "transformers"])
def test_greedy_answers_of_f32_are_the_original_s_and_q8_answers_too(
    engine: str, written: Path, record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "llama.cpp":
        pytest.importorskip("xllamacpp")
    else:
        monkeypatch.setattr("errata.inference.load.find_spec", lambda _: None)
    with record.write() as store:
        seqs = [store.transcripts.add(talk(name, lines=6)).seq for name in "abc"]
    card = Card("inline", Card.read(TINY).context, "gguf")
    answers = {"original": RecordedModel(record, FolderModel(verify(TINY), TINY, tmp_path)).predict_all(seqs)}
    for kind in ("F32", "Q8_0"):
        identity = adopt(written / kind, card, tmp_path / kind)
        answers[kind] = RecordedModel(record, FolderModel(identity, tmp_path / kind, tmp_path)).predict_all(seqs)
    for seq in seqs:
        assert answers["F32"][seq].chapters == answers["original"][seq].chapters
        assert answers["F32"][seq].model != answers["original"][seq].model
        assert not answers["Q8_0"][seq].problems


def test_a_quantised_file_has_its_own_weights(written: Path, tmp_path: Path) -> None:
    import torch

    adopt(written / "Q8_0", Card("inline", 512, "gguf"), tmp_path / "gguf")
    original, found = weights(TINY), weights(tmp_path / "gguf")
    worst = max(float((original[name] - found[name]).abs().max() / original[name].abs().max()) for name in original)
    assert 0 < worst <= 1 / 254 + 1e-3, "rounded to 8 bits, and no more"
    name = "model.norm.weight"
    assert torch.equal(original[name], found[name]), "vectors stay as they are"


def test_a_gguf_file_needs_its_tokenizer_and_must_be_one(written: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(written / "F32", tmp_path / "bare"))
    (folder / "tokenizer.json").unlink()
    Card("inline", 512, "gguf").write(folder)
    with pytest.raises(BadInput, match=r"no tokenizer\.json"):
        load(folder, tmp_path)
    both = Path(shutil.copytree(written / "F32", tmp_path / "both"))
    shutil.copyfile(written / "Q8_0" / "model-Q8_0.gguf", both / "model-Q8_0.gguf")
    Card("inline", 512, "gguf").write(both)
    with pytest.raises(BadInput, match="holds 2"):
        load(both, tmp_path)
    broken = Path(shutil.copytree(written / "F32", tmp_path / "broken"))
    (broken / "model-F32.gguf").write_bytes(b"GGUF but then nothing that could be one")
    Card("inline", 512, "gguf").write(broken)
    for engine in (GgufEngine, load_gguf):
        with pytest.raises(BadInput, match=r"model-F32\.gguf") as caught:
            engine(broken)
        assert "\n" not in str(caught.value)


# models from outside -------------------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A full model as somebody else would have it."""
    folder = tmp_path / "outside"
    make_model(folder)
    for name in (CARD, MANIFEST, TRAINING_TRANSCRIPTS):
        (folder / name).unlink()
    return folder


def test_a_model_from_outside_is_taken_in_and_left_as_it_is(outside: Path, tmp_path: Path) -> None:
    (outside / "pytorch_model.bin").write_bytes(b"\x80\x04never loaded.")
    (outside / ".cache").mkdir()
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    identity = adopt(outside, Card("inline", 128), tmp_path / "in")
    assert verify(tmp_path / "in") == identity
    assert Card.read(tmp_path / "in") == Card("inline", 128)
    assert (
        not (tmp_path / "in" / "pytorch_model.bin").exists()
        and read_training_transcripts(tmp_path / "in") == frozenset()
    )
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before
    assert adopt(outside, Card("inline", 128), tmp_path / "again") == identity
    assert adopt(outside, Card("inline", 256), tmp_path / "other") != identity, "asked otherwise, it is another model"
    with pytest.raises(FileExistsError):
        adopt(outside, Card("inline", 128), tmp_path / "in")
    with pytest.raises(NotFound):
        verify(outside)


def test_of_a_folder_of_gguf_files_the_one_named_is_taken(written: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(written / "F32", tmp_path / "many"))
    shutil.copyfile(written / "Q8_0" / "model-Q8_0.gguf", folder / "model-Q8_0.gguf")
    (folder / "unrelated.txt").write_text("x")
    adopt(folder / "model-Q8_0.gguf", Card("inline", 512, "gguf"), tmp_path / "one")
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {"model-Q8_0.gguf", "tokenizer.json", "tokenizer_config.json", CARD, MANIFEST}


def test_without_links_files_are_copied(outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError("another disk")

    identity = adopt(outside, Card("inline", 128), tmp_path / "linked")
    monkeypatch.setattr("os.link", no_links)
    assert adopt(outside, Card("inline", 128), tmp_path / "copied") == identity
