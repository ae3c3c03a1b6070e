"""llama.cpp writes whole answers, and comes to what an engine with logits comes to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import errata
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import Card
from errata.inference.engine import Ask, Constraint, Mask, Step, Weighing
from errata.inference.gguf import gguf_file
from errata.inference.llama import LlamaEngine
from errata.inference.llama_server import LlamaServer
from errata.inference.load import load
from errata.inference.model import FolderModel, LoadedModel, answer_key
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.template import Reading
from tests.made_up_gguf import write_gguf
from tests.made_up_model import make_model
from tests.made_up_record import talk

pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")
TINY = Path(errata.__file__).parent / "tiny"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By template: a random full model in `TEMPLATE/`, and the same as a file of llama.cpp's in `TEMPLATE-gguf/`."""
    place = tmp_path_factory.mktemp("models")
    for template in ("inline", "indexed"):
        make_model(place / template, template, context=512)
        write_gguf(place / template, place / f"{template}-gguf")
        Card(template, 512, "gguf").write(place / f"{template}-gguf")
    return {path.name: path for path in place.iterdir()}


@pytest.fixture(scope="module")
def engine(folders: dict[str, Path]) -> LlamaEngine:
    loaded = load(folders["indexed-gguf"], Path())
    assert isinstance(loaded, LlamaEngine)
    return loaded


def answers(folder: Path, template: str, names: str) -> list[Reading]:
    engine = load(folder, folder.parent)
    model = LoadedModel(engine, ChapterTask(templates.find(template), engine.tokenizer, 512))
    return model.answer([talk(name, lines=3 + place) for place, name in enumerate(names)])


def test_an_answer_is_that_of_transformers(tmp_path: Path) -> None:
    """Of a trained model: with random weights the 16 bits of llama.cpp's cache soon tip a balance."""
    write_gguf(TINY, tmp_path / "gguf")
    Card("inline", 512, "gguf").write(tmp_path / "gguf")
    assert answers(tmp_path / "gguf", "inline", "abc") == answers(TINY, "inline", "abc")


@pytest.mark.parametrize("template", sorted(templates.TEMPLATES))
def test_a_model_that_knows_nothing_is_held_to_every_template(template: str, folders: dict[str, Path]) -> None:
    model = "inline-gguf" if template == "inline" else "indexed-gguf"
    for reading in answers(folders[model], template, "ab"):
        assert not reading.problems or any("was cut" in problem for problem in reading.problems)


def test_the_same_question_has_the_same_answer_whatever_was_asked_before(folders: dict[str, Path]) -> None:
    folder = folders["inline-gguf"]
    alone = [answers(folder, "inline", name)[0] for name in "aa"]
    assert alone[0] == alone[1] == answers(folder, "inline", "abca")[0]


def test_what_llama_cpp_answered_is_kept_as_its_own(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folders["indexed-gguf"]
    assert answer_key("m" * 64, folder).template == "indexed@1 limits@1 llama.cpp"
    assert FolderModel("m" * 64, folder, folder.parent).key == answer_key("m" * 64, folder)
    assert answer_key("m" * 64, folders["indexed"]).template == "indexed@1 limits@1"
    monkeypatch.setattr("errata.inference.load.find_spec", lambda _: None)
    assert answer_key("m" * 64, folder).template == "indexed@1 limits@1", "dequantised, and run by transformers"


# an ask by hand ------------------------------------------------------------------------------------------------------


def masks(engine: LlamaEngine, *tokens: int) -> Mask:
    mask = np.zeros(engine.vocabulary, dtype=np.bool_)
    mask[list(tokens)] = True
    return mask


def fill(allowed: list[Mask], constraint: Constraint | None, append: list[int]) -> Ask[list[int]]:
    answer: list[int] = []
    for place, mask in enumerate(allowed):
        answer.append((yield Step(append, mask, constraint=constraint if place == 0 else None)).token)
        append = answer[-1:]
    return answer


@pytest.fixture
def calls(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The grammars that llama.cpp is asked to keep."""
    grammars: list[str] = []
    complete = engine._server.complete

    def counted(prompt: list[int], grammar: str, longest: int, cached: bool) -> list[int]:
        grammars.append(grammar)
        return complete(prompt, grammar, longest, cached)

    monkeypatch.setattr(engine._server, "complete", counted)
    yield grammars


def test_an_answer_is_written_at_once_and_ends_with_the_tokenizer_s_end(engine: LlamaEngine, calls: list[str]) -> None:
    tokenizer = engine.tokenizer
    word = tokenizer.encode("so", add_special_tokens=False)
    every = np.ones(engine.vocabulary, dtype=np.bool_)
    [answer] = engine.run([fill([every] * (len(word) + 1), Constraint('start: "so"\n', 9), [60, 61])])
    assert answer[-1] == tokenizer.eos_token_id and tokenizer.decode(answer[:-1]) == "so"
    assert len(calls) == 1


def test_what_only_a_mask_forbids_is_asked_for_again(engine: LlamaEngine, calls: list[str]) -> None:
    wide = Constraint("start: /[a-z]+/\n", 9)
    [[first]] = engine.run([fill([np.ones(engine.vocabulary, dtype=np.bool_)], wide, [60, 61])])
    narrow = masks(engine, 70, 71, 200)
    [answer] = engine.run([fill([narrow, narrow, masks(engine, 9)], wide, [60, 61])])
    assert first not in (70, 71, 200) and set(answer[:2]) <= {70, 71, 200} and answer[2] == 9
    assert calls[2:] == ["start: <[70-71,200]>\n"] * 2 + ["start: <[9]>\n"]


def test_a_grammar_that_llama_cpp_can_not_read_is_kept_by_the_masks(engine: LlamaEngine) -> None:
    only = [masks(engine, 80), masks(engine, 81)]
    assert engine.run([fill(only, Constraint("start: nothing of this name", 9), [60])]) == [[80, 81]]
    assert engine.run([fill(only, None, [60])]) == [[80, 81]], "an ask without a grammar has its masks"


def test_tokens_that_had_to_follow_are_not_asked_for(engine: LlamaEngine, calls: list[str]) -> None:
    word = engine.tokenizer.encode("talk about", add_special_tokens=False)

    def jumping(forced: list[int]) -> Ask[list[int]]:
        begin = Step([60, 61], every, constraint=Constraint('start: "talk about"\n', 9))
        first = (yield begin).token
        return [first, (yield Step([first, *forced], every)).token]

    every = np.ones(engine.vocabulary, dtype=np.bool_)
    [whole] = engine.run([fill([every] * 3, Constraint('start: "talk about"\n', 9), [60, 61])])
    assert len(word) > 1
    assert engine.run([jumping([whole[1]])]) == [[whole[0], whole[2]]]
    assert len(calls) == 2


def test_a_file_that_is_none_and_a_prompt_that_is_too_long_are_refused(
    folders: dict[str, Path], engine: LlamaEngine, tmp_path: Path
) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF but then nothing that could be one")
    shutil.copyfile(folders["indexed"] / "tokenizer.json", tmp_path / "tokenizer.json")
    with pytest.raises(BadInput, match=r"llama\.cpp can't read .*model\.gguf"):
        LlamaEngine(tmp_path)
    with pytest.raises(BadInput, match=r"refuses a prompt .*context"):
        engine.run([fill([np.ones(engine.vocabulary, dtype=np.bool_)], None, [60] * 1_200)])


def test_llama_cpp_is_started_again_where_it_ended(
    folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    server = LlamaServer(gguf_file(folders["indexed-gguf"]), 64, 1)
    before = server.tokenize("so today we talk")
    first = server._process
    first.kill()
    assert server.tokenize("so today we talk") == before
    assert "llama.cpp ended (exit code -9) and is started again" in capsys.readouterr().err
    again = server._process
    assert again.pid != first.pid
    del server
    assert again.wait(10) == 0, "it ends with who asked"


def test_a_prompt_at_which_llama_cpp_ends_each_time_is_refused(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LlamaServer(gguf_file(folders["indexed-gguf"]), 64, 1)
    start = server._start

    def start_and_end() -> None:
        start()
        server._process.kill()

    monkeypatch.setattr(server, "_start", start_and_end)
    server._process.kill()
    with pytest.raises(Unavailable, match=r"llama\.cpp ended twice \(exit code -9\)"):
        server.tokenize("so today we talk")


def test_borders_are_weighed_as_by_transformers(folders: dict[str, Path], engine: LlamaEngine) -> None:
    tokens = [60 + (7 * place) % 200 for place in range(60)]
    weighing = Weighing(tokens, [5, 6, 30, 59], rather=70, than=200)
    [found] = engine.weigh([weighing])
    [right] = load(folders["indexed"], Path()).weigh([weighing])
    assert found == pytest.approx(right, abs=0.05), "16 bits of the cache round a little"


def test_a_prompt_is_read_on_only_where_half_of_it_is_known(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    reused: list[bool] = []
    complete = engine._server.complete

    def noted(prompt: list[int], grammar: str, longest: int, cached: bool) -> list[int]:
        reused.append(cached)
        return complete(prompt, grammar, longest, cached)

    monkeypatch.setattr(engine._server, "complete", noted)
    every = np.ones(engine.vocabulary, dtype=np.bool_)
    engine.weigh([Weighing(list(range(60, 80)), [19], rather=70, than=200)])
    for prompt in (list(range(60, 90)), list(range(60, 64)) + [200] * 9, [200]):
        engine.run([fill([every], None, prompt)])
    assert reused == [True, False, False]
