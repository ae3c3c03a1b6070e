"""Models on disk, and answers that are greedy, readable and given once."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.domain.chapter import canonical
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput, NotFound
from errata.inference.artefact import (
    CARD,
    MANIFEST,
    OLD_TRAINING_TRANSCRIPTS,
    TRAINING_TRANSCRIPTS,
    Card,
    model_folder,
    read_training_transcripts,
    seal,
    store_model,
    verify,
)
from errata.inference.chapter_task import chapter_task
from errata.inference.load import load
from errata.inference.model import FolderModel, LoadedModel
from errata.inference.recorded import RecordedModel
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.limits import VERSION
from errata.tasks.template import Reading
from tests.made_up_model import SAID, make_adapter, make_model
from tests.made_up_record import talk

KEY = f"inline@1 limits@{VERSION}"


def heard(name: str, lines: int = 8) -> Transcript:
    turn = sum(map(ord, name))
    texts = (" ".join(SAID[(turn + place) % 9 : (turn + place) % 9 + 6]) for place in range(lines))
    return Transcript(name, tuple(Segment(10.3 * n, 10.3 * n + 9, text) for n, text in enumerate(texts)), 10.3 * lines)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def made(models: Path, template: str) -> tuple[str, Path]:
    identity = make_model(models / "new", template, context=512)
    folder = models / identity[:16]
    shutil.rmtree(folder, ignore_errors=True)
    (models / "new").rename(folder)
    return identity, folder


@pytest.fixture(scope="module")
def inline(models: Path) -> tuple[str, Path]:
    return made(models, "inline")


@pytest.fixture(scope="module")
def plain(models: Path) -> tuple[str, Path]:
    """With a tokenizer that puts no space before a text, as list answers need."""
    return made(models, "indexed")


def answers(folder: Path, template: str, talks: list[Transcript], context: int = 512) -> list[Reading]:
    engine = load(folder, folder.parent)
    task = chapter_task(Card(template, context), engine.tokenizer)
    return LoadedModel(engine, task).answer(talks)


@pytest.mark.parametrize("template", sorted(templates.TEMPLATES))
def test_a_model_that_knows_nothing_still_answers_readably(
    template: str, inline: tuple[str, Path], plain: tuple[str, Path]
) -> None:
    talks = [heard(name, lines=3 + place) for place, name in enumerate("abcdef")]
    found = answers((inline if template == "inline" else plain)[1], template, talks)
    for transcript, reading in zip(talks, found, strict=True):
        assert canonical(reading.chapters, transcript).chapters == reading.chapters
        assert not reading.problems or any("cut" in problem for problem in reading.problems), reading.problems
    assert any(not reading.problems for reading in found), "an answer that is never whole shows nothing"


def test_a_tokenizer_that_can_not_write_the_template_is_never_silence(inline: tuple[str, Path]) -> None:
    for template in ("timestamps", "json"):
        for reading in answers(inline[1], template, [heard("a"), heard("b")]):
            assert any(template in problem for problem in reading.problems)
    for reading in answers(inline[1], "indexed", [heard("a"), heard("b")]):  # a space before a title is its own
        assert reading.chapters and not reading.problems


def test_the_same_model_gives_the_same_answers_in_any_company(plain: tuple[str, Path]) -> None:
    talks = [heard("a"), heard("b", lines=20), heard("c")]
    together = answers(plain[1], "indexed", talks)
    assert any(reading.chapters for reading in together)
    assert answers(plain[1], "indexed", talks[::-1])[::-1] == together
    assert answers(plain[1], "indexed", talks[1:2]) == together[1:2]


def test_guessing_ahead_changes_no_answer(inline: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    talks = [heard(name, lines=12) for name in "abcde"]
    expected = answers(inline[1], "inline", talks)
    assert any(reading.chapters for reading in expected)
    monkeypatch.setattr("errata.inference.engine.AHEAD", 0)
    assert answers(inline[1], "inline", talks) == expected


def test_an_adapter_answers_through_its_base(inline: tuple[str, Path], tmp_path: Path) -> None:
    identity, base = inline
    make_adapter(tmp_path / "adapter", base, identity)
    talks = [heard("a", lines=12), heard("b", lines=12)]
    engine = load(tmp_path / "adapter", base.parent)
    task = ChapterTask(templates.find("inline"), engine.tokenizer, 256)
    found = LoadedModel(engine, task).answer(talks)
    assert found != answers(base, "inline", talks, context=256)
    with pytest.raises(NotFound, match=identity[:16]):
        load(tmp_path / "adapter", tmp_path)


def test_a_model_answers_a_transcript_once(inline: tuple[str, Path], record: Record, tmp_path: Path) -> None:
    identity, folder = inline
    with record.write() as store:
        seqs = [store.transcripts.add(heard(name)).seq for name in "abc"]
    calls: list[int] = []
    model = RecordedModel(record, FolderModel(identity, folder, folder.parent))
    found = model.predict_all(seqs, lambda: calls.append(1))
    assert list(found) == seqs and len(calls) == 3
    with record.read() as store:
        watermark = store.watermark()
        assert store.predictions.find(seqs[0], identity, KEY) == found[seqs[0]]
        assert list(store.transcripts.awaiting_draft(identity, KEY)) == []
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copyfile(folder / CARD, bare / CARD)
    unloaded = RecordedModel(record, FolderModel(identity, bare, folder.parent))
    assert unloaded.predict_all(seqs) == found, "a model without weights can only repeat what is recorded"
    assert unloaded.predict_all(seqs[1:2]) == {seqs[1]: found[seqs[1]]}
    with record.write() as store:
        assert store.watermark() == watermark
        fourth = store.transcripts.add(heard("d")).seq
    with pytest.raises(NotFound, match="holds no finished model"):
        unloaded.predict_all([fourth])
    assert list(model.predict_all([fourth])) == [fourth]


# models on disk ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed(inline: tuple[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(inline[1], tmp_path / "sealed"))


def test_a_sealed_model_is_known_by_its_bytes(inline: tuple[str, Path], sealed: Path) -> None:
    assert verify(sealed) == seal(sealed) == inline[0]
    assert read_training_transcripts(sealed) == {"a" * 64}
    assert Card.read(sealed) == Card("inline", 512, training_watermark=12)
    replace(Card.read(sealed), training_watermark=13).write(sealed)
    assert seal(sealed) != inline[0]


def test_a_model_of_before_says_under_the_old_name_what_it_was_trained_on(sealed: Path) -> None:
    sealed.joinpath(TRAINING_TRANSCRIPTS).rename(sealed / OLD_TRAINING_TRANSCRIPTS)
    identity = seal(sealed)
    assert verify(sealed) == identity
    assert read_training_transcripts(sealed) == {"a" * 64}


def test_one_flipped_bit_anywhere_is_found(sealed: Path) -> None:
    names = [path.name for path in sealed.iterdir() if path.name != MANIFEST]
    assert "model.safetensors" in names
    for name in names:
        path = sealed / name
        data = path.read_bytes()
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
        with pytest.raises(NotFound, match=name):
            verify(sealed)
        path.write_bytes(data)
    verify(sealed)


def test_a_model_that_was_cut_short_is_no_model(sealed: Path) -> None:
    (sealed / "tokenizer.json").unlink()
    with pytest.raises(NotFound, match=r"tokenizer\.json"):
        verify(sealed)
    (sealed / MANIFEST).write_text((sealed / MANIFEST).read_text()[:40])
    with pytest.raises(NotFound, match="make it again"):
        verify(sealed)
    (sealed / MANIFEST).unlink()
    with pytest.raises(NotFound, match="make it again"):
        verify(sealed)


@pytest.mark.parametrize("name", ["model.safetensors", "deep/extra.safetensors", "training.json", "model.bin", "x.pt"])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_is_refused_whatever_it_calls_itself(sealed: Path, name: str, protocol: int) -> None:
    (sealed / name).parent.mkdir(exist_ok=True)
    (sealed / name).write_bytes(pickle.dumps({"weights": [1.0]}, protocol))
    with pytest.raises(BadInput, match=name):
        seal(sealed)


@pytest.mark.parametrize("name", ["model.safetensors", "notes.json"])
def test_what_torch_saves_is_refused_too(sealed: Path, name: str) -> None:
    import torch

    torch.save({"weights": torch.zeros(2)}, sealed / name)
    with pytest.raises(BadInput, match=name):
        seal(sealed)


def test_plain_safetensors_are_taken(sealed: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"weights": torch.zeros(3)}, sealed / "more.safetensors")
    assert "more.safetensors" in json.loads((sealed / MANIFEST).read_text() if seal(sealed) else "")


def test_a_model_is_kept_once_under_its_identity(sealed: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    identity = store_model(sealed, models)
    (models / f"{'0' * 16}.partial").mkdir()
    assert store_model(sealed, models) == identity == verify(model_folder(identity, models))
    for nobody in ("", "0" * 64):
        with pytest.raises(NotFound):
            model_folder(nobody, models)
    (sealed / CARD).write_text("{}")
    with pytest.raises(NotFound):
        store_model(sealed, models)


def test_weights_that_are_cut_short_are_one_sentence(plain: tuple[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(plain[1], tmp_path / "model"))
    weights = folder / "model.safetensors"
    for data in (weights.read_bytes()[:500], b""):
        weights.write_bytes(data)
        with pytest.raises(NotFound, match="can't be loaded"):
            load(folder, tmp_path)
    weights.unlink()
    with pytest.raises(NotFound, match="can't be loaded"):
        load(folder, tmp_path)


def test_a_folder_without_a_card_is_no_model_of_ours(tmp_path: Path, record: Record) -> None:
    with record.write() as store:
        store.transcripts.add(talk("t"))
    with pytest.raises(NotFound, match=CARD):
        FolderModel("a" * 64, tmp_path, tmp_path)
