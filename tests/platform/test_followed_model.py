"""The model in a process of its own: it answers as it does anywhere, gives up what nobody wants, is replaced where it
dies, and changes over without dropping a request."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from errata.database.record import Record
from errata.domain.transcript import Transcript
from errata.errors import Unavailable
from errata.inference.artefact import Card, move_model, seal
from errata.inference.model import FolderModel
from errata.service import followed_model
from errata.service.door_errors import TooMany
from errata.service.followed_model import EngineEnded, FollowedModel, OverTime, by_alias
from errata.service.model_process import worker_command
from tests.conftest import ROOT
from tests.made_up_gguf import write_gguf
from tests.made_up_model import familiar_talk, make_adapter, make_model, make_tokenizer

T = TypeVar("T")
SLOW = 120.0
"""Seconds; loading torch takes a busy machine some."""


def stub_command(*arguments: str) -> Callable[[Path, str, Path], list[str]]:
    """A process that speaks as a model's does, without one: see its file for what it is told to do."""
    script = str(ROOT / "benchmarks" / "stub_model.py")
    return lambda folder, identity, models: [sys.executable, script, identity, *arguments]


def with_model(
    record: Record,
    models: Path,
    use: Callable[[FollowedModel], Coroutine[Any, Any, T]],
    command: Callable[[Path, str, Path], list[str]] = worker_command,
    queue: int = 8,
) -> T:
    async def run() -> T:
        model = FollowedModel(record, models, by_alias("champion"), queue, command)
        model.start()
        try:
            return await use(model)
        finally:
            await model.stop()

    return asyncio.run(run())


def name_champion(record: Record, identity: str) -> None:
    with record.write() as store:
        store.aliases.assign_alias("champion", identity, "manual", "test", None, None)


def folders(models: Path, *identities: str) -> None:
    for identity in identities:
        (models / identity[:16]).mkdir(parents=True)


def sealed_model(folder: Path, models: Path) -> str:
    """A folder that is sealed as a model is, and never gets as far as being loaded."""
    folder.mkdir()
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    Card("inline", 256).write(folder)
    seal(folder)
    return move_model(folder, models)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SLOW):
        while not condition():
            await asyncio.sleep(0.02)


ONE, OTHER = "1" * 64, "2" * 64


def make_full(folder: Path, models: Path) -> str:
    make_model(folder)
    return move_model(folder, models)


def make_adapted(folder: Path, models: Path) -> str:
    base = make_full(folder / "base", models)
    make_adapter(folder / "adapter", models / base[:16], base)
    return move_model(folder / "adapter", models)


def make_nf4(folder: Path, models: Path) -> str:
    """4-bit weights as bitsandbytes keeps them, quantised twice."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    make_model(folder / "full")
    four_bits = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )
    model = AutoModelForCausalLM.from_pretrained(folder / "full", quantization_config=four_bits, dtype=torch.float32)
    model.save_pretrained(folder / "nf4")
    make_tokenizer().save_pretrained(folder / "nf4")
    Card("inline", 256).write(folder / "nf4")
    return move_model(folder / "nf4", models)


def make_gguf(folder: Path, models: Path) -> str:
    make_model(folder / "full")
    write_gguf(folder / "full", folder / "gguf")
    Card("inline", 256, "gguf").write(folder / "gguf")
    return move_model(folder / "gguf", models)


@pytest.mark.slow
def test_a_spare_process_becomes_the_next_models_and_one_that_died_is_done_without(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_model, "SPARE_AFTER", 0.0)
    models = tmp_path / "models"
    models.mkdir()
    one, other = (_sealed_anew(tmp_path / name, models, seed) for seed, name in enumerate(("one", "other")))
    spares: list[int] = []

    async def follow() -> None:
        model = FollowedModel(record, models, by_alias("champion"), 8, spare=True)
        name_champion(record, one)
        model.start()

        async def next_spare() -> int:
            await until(lambda: model._spare is not None)
            assert model._spare is not None
            spares.append(model._spare._process.pid)
            return spares[-1]

        spare = await next_spare()
        name_champion(record, other)
        await until(lambda: model.state.speaks == other)
        assert model.pid == spare, "it was waiting"
        os.kill(await next_spare(), signal.SIGKILL)
        name_champion(record, one)
        await until(lambda: model.state.speaks == one)
        assert model.pid not in spares and not model.state.refused
        await next_spare()
        await model.stop()

    asyncio.run(follow())
    assert len(spares) == 3 and not any(map(psutil.pid_exists, spares)), "none outlives the service"


def _sealed_anew(folder: Path, models: Path, seed: int) -> str:
    make_model(folder, seed=seed)
    return move_model(folder, models)


@pytest.mark.slow
@pytest.mark.parametrize("make", [make_full, make_adapted, make_nf4, make_gguf])
def test_a_real_model_answers_there_as_it_does_here(
    make: Callable[[Path, Path], str], record: Record, tmp_path: Path
) -> None:
    models, made = tmp_path / "models", tmp_path / "made"
    models.mkdir()
    made.mkdir()
    identity = make(made, models)
    name_champion(record, identity)
    talks = [familiar_talk(f"t{turn}", turn) for turn in range(3)]

    async def use(model: FollowedModel) -> list[Any]:
        return await asyncio.gather(*(model.answer(talk, SLOW) for talk in talks))

    answers = with_model(record, models, use)
    here = FolderModel(identity, models / identity[:16], models)
    assert [reading.chapters for _, reading in answers] == [reading.chapters for reading in here.answer(talks)]
    assert {key for key, _ in answers} == {here.key}


def test_weights_that_were_changed_are_refused_and_who_spoke_speaks_on(record: Record, tmp_path: Path) -> None:
    damaged = sealed_model(tmp_path / "made", tmp_path)
    weights = tmp_path / damaged[:16] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    good = ONE
    folders(tmp_path, good)
    name_champion(record, good)

    def command(folder: Path, identity: str, models: Path) -> list[str]:
        start = worker_command if identity == damaged else stub_command()
        return start(folder, identity, models)

    async def use(model: FollowedModel) -> None:
        await until(lambda: model.state.speaks == good)
        await asyncio.to_thread(name_champion, record, damaged)
        await until(lambda: bool(model.state.refused))
        assert "was changed after it was sealed" in model.state.refused
        assert (model.state.speaks, model.state.wanted) == (good, damaged)
        key, _ = await model.answer(familiar_talk("t"), SLOW)
        assert key.model == good
        os.kill(model.pid, signal.SIGKILL)
        await until(lambda: model.state.restarts == 1)
        assert (await model.answer(familiar_talk("t"), SLOW))[0].model == good

    with_model(record, tmp_path, use, command)


def test_a_change_over_drops_nothing_and_each_answer_says_who_spoke(record: Record, tmp_path: Path) -> None:
    folders(tmp_path, ONE, OTHER)
    name_champion(record, ONE)

    async def use(model: FollowedModel) -> list[str]:
        asked = [asyncio.ensure_future(model.answer(familiar_talk(f"t{at}"), SLOW)) for at in range(20)]
        await until(lambda: model.state.speaks == ONE)
        await asyncio.to_thread(name_champion, record, OTHER)
        await until(lambda: model.state.speaks == OTHER)
        asked += [asyncio.ensure_future(model.answer(familiar_talk(f"u{at}"), SLOW)) for at in range(3)]
        return [key.model for key, _ in await asyncio.gather(*asked)]

    speakers = with_model(record, tmp_path, use, stub_command("--seconds", "0.1"))
    assert set(speakers[:20]) <= {ONE, OTHER} and speakers[0] == ONE
    assert speakers[20:] == [OTHER] * 3


def test_a_process_that_is_killed_is_replaced_and_its_requests_are_asked_again(record: Record, tmp_path: Path) -> None:
    folders(tmp_path, ONE)
    name_champion(record, ONE)

    async def use(model: FollowedModel) -> None:
        await until(lambda: model.state.speaks == ONE)
        asked = [asyncio.ensure_future(model.answer(familiar_talk(f"t{at}"), SLOW)) for at in range(4)]
        await asyncio.sleep(0.1)
        os.kill(model.pid, signal.SIGKILL)
        assert len(await asyncio.gather(*asked)) == 4
        assert model.state.restarts == 1 and model.state.in_flight == 0

    with_model(record, tmp_path, use, stub_command("--seconds", "0.3"))


def test_a_request_that_ends_the_process_is_not_asked_for_ever(record: Record, tmp_path: Path) -> None:
    folders(tmp_path, ONE)
    name_champion(record, ONE)

    async def use(model: FollowedModel) -> None:
        with pytest.raises(EngineEnded):
            await model.answer(familiar_talk("crash"), SLOW)
        assert (await model.answer(familiar_talk("t"), SLOW))[0].model == ONE

    with_model(record, tmp_path, use, stub_command())


def test_what_takes_too_long_or_is_left_is_stopped(record: Record, tmp_path: Path) -> None:
    folders(tmp_path, ONE)
    name_champion(record, ONE)
    stopped = tmp_path / "stopped"

    async def use(model: FollowedModel) -> None:
        await until(lambda: model.state.speaks == ONE)
        with pytest.raises(OverTime, match=r"no answer within 0\.2 s"):
            await model.answer(familiar_talk("late"), 0.2)
        left = asyncio.ensure_future(model.answer(familiar_talk("left"), SLOW))
        await asyncio.sleep(0.1)
        left.cancel()
        await until(lambda: stopped.exists() and len(stopped.read_text().split()) == 2)

    with_model(record, tmp_path, use, stub_command("--seconds", "60", "--stopped", str(stopped)))


def test_a_model_that_hears_of_nothing_is_ended(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errata.service.model_process.GRACE", 0.2)
    folders(tmp_path, ONE)
    name_champion(record, ONE)

    async def use(model: FollowedModel) -> None:
        await until(lambda: model.state.speaks == ONE)
        with pytest.raises(OverTime):
            await model.answer(familiar_talk("hang"), 0.2)
        await until(lambda: model.state.restarts == 1)
        await model.answer(familiar_talk("t"), SLOW)

    with_model(record, tmp_path, use, stub_command())


def test_who_comes_when_too_many_wait_is_told_when_to_come_back(record: Record, tmp_path: Path) -> None:
    folders(tmp_path, ONE)
    name_champion(record, ONE)

    async def use(model: FollowedModel) -> None:
        asked = [asyncio.ensure_future(model.answer(familiar_talk(f"t{at}"), SLOW)) for at in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooMany) as caught:
            model.admit()
        assert caught.value.retry_after >= 1
        await asyncio.gather(*asked)
        model.admit()

    with_model(record, tmp_path, use, stub_command(), queue=2)


def test_where_no_model_is_the_champion_that_is_said(record: Record, tmp_path: Path) -> None:
    async def use(model: FollowedModel) -> None:
        await asyncio.sleep(0.3)
        with pytest.raises(Unavailable, match="no model is the champion yet"):
            await model.answer(Transcript("t", familiar_talk("t").segments, 60.0), SLOW)

    with_model(record, tmp_path, use)
