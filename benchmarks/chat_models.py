"""Two models that write chats, on the same streams: two encoders with a vocabulary of words, which are shown the ten
seconds before a message, and the connector model, which reads on what is seen, heard, said and written.

    python -m benchmarks.chat_models                  # made-up streams, from their pixels and samples
    python -m benchmarks.chat_models CHAT.irc         # a real chat in parts of ten minutes; nothing is seen or heard

The first three quarters of the streams, or of the chat, are trained on, by the loop's own trainer and each model's
recipe; the rest is scored. LM-PPL and LM-Correctness are of each model's own tokens, of which a word that isn't known
is one, so that they can't be compared; bits a letter can, over the messages of known words alone, their ends included.
TimeDiff and Fluency are of models that choose when to speak, which neither does: a chat's times are asked for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.chatted_streams import ChattedStream
from errata.documents.file_names import FEATURES
from errata.documents.params import Recipe
from errata.domain.chapter import Chapter, Chapters, tidy
from errata.domain.chat_messages import without_deleted
from errata.domain.transcript import Segment, Transcript
from errata.domain.vector_shard import VectorShard
from errata.errors import BadInput, error_exit
from errata.features.extractor import extract
from errata.features.extractors import find_extractor
from errata.features.feature_store import FeatureStore, feature_key
from errata.files import file_sha256
from errata.formats.chat_files import read_chat
from errata.inference.artefact import Card, model_folder, model_parts, seal, store_model
from errata.inference.chapter_task import task_of
from errata.inference.library_noise import silence_libraries
from errata.inference.model import open_model
from errata.inference.sensed_frames import features_beside
from errata.inference.tokenizer import load_tokenizer
from errata.inference.torch import TorchEngine
from errata.loop.init import Day0Choice, init
from errata.loop.new_senses import find_senses, give_senses
from errata.tasks import templates
from errata.tasks.chat_task import MOST_ASKED, spread, with_chat
from errata.tasks.encode import IGNORED, Encoded, ids
from errata.tasks.prompt import Text
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates.snippet import SnippetMessage
from errata.workspace import Workspace
from evaluation.message_likelihoods import MessageReader, chat_likelihood
from evaluation.metrics.message_score import distinct, score_messages
from retrain.recipe import find_recipe
from retrain.saving import save
from retrain.taught_rows import TaughtRow, write_taught_rows
from retrain.train import start_from
from retrain.trainer import make_trainer, run_trainer
from retrain.word_model import WordModelPlan, make_word_model

SENSES = ("efficientnet-lite0@1", "cepstra@1")
PART = 600.0
"""Seconds of a real chat that count as one stream."""
WORDS, CONNECTOR = "two encoders", "connector"
PLAN = WordModelPlan(size=128, layers=2)
"""Smaller than as it was published, for some hundred messages."""
RATE = 1e-3
"""Its learning rate, ten times that of the larger one."""


@dataclass(frozen=True, slots=True)
class ChatCase:
    transcript: Transcript
    messages: Chapters


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    day0: str
    """Its identity, in the workspace."""
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    weights: int
    """Bytes, connectors included."""
    trained: float
    """CPU-seconds."""
    rows: int
    perplexity: float
    correctness: float
    bits: float
    """A letter."""
    f1: float
    distinct_2: float
    named: tuple[float, ...]
    """Percent of messages whose first, second, … word was said; of made-up streams alone."""
    answered: float
    """CPU-seconds a message."""


def made_up(folder: Path, store: FeatureStore, streams: int) -> list[ChatCase]:
    """From pixels and samples through the extractors that `SENSES` name."""
    extractors = [find_extractor(spec.partition("@")[0]) for spec in SENSES]
    cases = []
    for stream in (ChattedStream.drawn(f"stream-{number}") for number in range(streams)):
        path = stream.record(folder)
        shards = []
        for extractor in extractors:
            key = feature_key(file_sha256(path), extractor.version, 1.0)
            store.write(key, extract(extractor, str(path), 1.0), extractor.version)
            shards.append(VectorShard(extractor.version, 1.0, key))
        cases.append(ChatCase(replace(stream.transcript, vectors=tuple(shards)), stream.messages))
    return cases


def logged(path: Path) -> list[ChatCase]:
    """Ten minutes each. Raises BadInput for a log of less than four such parts."""
    log = read_chat(path).log
    kept = without_deleted(log.messages, {deletion.key for deletion in log.deletions})
    messages = sorted((message for message in kept if message.at >= 0), key=lambda message: message.at)
    parts = []
    for number, group in groupby(messages, lambda message: int(message.at // PART)):
        said = tuple(Chapter(message.at - number * PART, tidy(message.text)) for message in group)
        name = f"{path.stem} {number}"
        parts.append(ChatCase(Transcript(name, (Segment(0, 1, "a stream goes on"),), PART), said))
    if len(parts) < 4:
        raise BadInput(
            f"{path} has messages in {len(parts)} parts of ten minutes, and four are wanted; name a longer one"
        )
    return parts


def contenders(workspace: Workspace, taught: Sequence[ChatCase], senses: Sequence[str]) -> list[Contender]:
    """Both as they are before they have learnt anything, with the words of what is trained on alone."""
    with workspace.record.read() as store:
        connector = store.aliases.model_of("day0")
    folder = workspace.root / "words"
    make_word_model(folder, [message.title for case in taught for message in case.messages], PLAN)
    if senses:
        give_senses(folder, find_senses(senses))
        seal(folder)
    train = workspace.params().train
    words = replace(train, **find_recipe("two-encoders").params["train"])
    return [
        Contender(WORDS, store_model(folder, workspace.models), replace(words, learning_rate=RATE)),
        Contender(CONNECTOR, connector or "", replace(train, **find_recipe("errata-tiny").params["train"])),
    ]


def train(workspace: Workspace, contender: Contender, taught: Sequence[ChatCase]) -> tuple[Path, float, int]:
    """The trained model's folder, the CPU-seconds that it took, and the rows."""
    models, place = workspace.models, workspace.root / "work" / contender.name
    rows = [TaughtRow(row) for case in taught for row in lessons(model_folder(contender.day0, models), models, case)]
    place.mkdir(parents=True)
    write_taught_rows(place / "train.parquet", rows)
    start, card = start_from(contender.day0, contender.recipe, models)
    began = time.process_time()
    trainer = make_trainer(place / "train.parquet", start, contender.recipe, card, place / "checkpoints")
    model, _ = run_trainer(trainer, place / "checkpoints")
    seconds = time.process_time() - began
    save(model, place / "model", card, {}, start.base)
    return place / "model", seconds, len(rows)


def lessons(folder: Path, models: Path, case: ChatCase) -> list[Encoded]:
    """The rows of a stream, by the model in `folder`."""
    return [example.encoded for example in examples(task_of(folder, models), case.transcript, Reading(case.messages))]


def find(workspace: Workspace, contender: Contender, taught: Sequence[ChatCase], held: Sequence[ChatCase]) -> Finding:
    folder, seconds, rows = train(workspace, contender, taught)
    models = workspace.models
    reader = MessageReader(folder, models)
    likelihood = chat_likelihood([each for case in held for each in reader.read(case.transcript, case.messages)])
    began = time.process_time()
    said = answers(folder, models, held)
    answered = time.process_time() - began
    asked = [[case.messages[place] for place in spread(len(case.messages), MOST_ASKED)] for case in held]
    scores = [score_messages(case.messages, own) for case, own in zip(held, said, strict=True)]
    base, adapter = model_parts(folder, models)
    return Finding(
        name=contender.name,
        weights=sum(path.stat().st_size for part in {base, adapter or folder} for path in part.glob("*.safetensors")),
        trained=seconds,
        rows=rows,
        perplexity=likelihood.perplexity,
        correctness=likelihood.correctness,
        bits=bits_a_letter(folder, workspace, held),
        f1=float(np.mean([score.f1 for score in scores])),
        distinct_2=distinct([message.title for own in said for message in own], 2) or 0.0,
        named=named([m for own in asked for m in own], [m for own in said for m in own]),
        answered=answered / sum(map(len, asked)),
    )


def answers(folder: Path, models: Path, held: Sequence[ChatCase]) -> list[Chapters]:
    """What the model says where it is asked, of each stream, after what was really written before."""
    model = open_model(folder, models)
    streams = [with_chat(case.transcript, case.messages) for case in held]
    return [reading.chapters for reading in model.answer(streams)]


def named(written: Sequence[Chapter], said: Sequence[Chapter]) -> tuple[float, ...]:
    """Percent of messages that say the first, the second, … word of what was written there, where all have as many."""
    words = [message.title.split() for message in written]
    if len({len(each) for each in words}) != 1:
        return ()
    pairs = list(zip(words, (message.title.split() for message in said), strict=True))
    return tuple(100 * float(np.mean([own[place] in other for own, other in pairs])) for place in range(len(words[0])))


def bits_a_letter(folder: Path, workspace: Workspace, held: Sequence[ChatCase]) -> float:
    """Of the messages of known words, each with its end: the same of every model, whatever its tokens are."""
    known = load_tokenizer(workspace.root / "words")
    engine = TorchEngine(
        *model_parts(folder, workspace.models), Card.read(folder).senses, features_beside(workspace.models)
    )
    alone = isinstance(templates.find(Card.read(folder).template), SnippetMessage)
    nats, letters = 0.0, 0
    for case in held:
        rows = lessons(folder, workspace.models, case)
        costs = [cost for row in rows for cost in message_nats(engine, row, alone)]
        for message, cost in zip(case.messages, costs, strict=True):
            if known.unk_token_id not in ids(Text(message.title), known):
                nats, letters = nats + cost, letters + len(message.title)
    return nats / log(2) / letters if letters else float("nan")


def message_nats(engine: TorchEngine, row: Encoded, alone: bool) -> Iterator[float]:
    """Of each message in a row; where one stands `alone`, the end of the sequence is its own."""
    labels = row.labels if alone else (*row.labels[:-1], IGNORED)
    places = [place for place, label in enumerate(labels) if label != IGNORED]
    logits = engine.logits(list(row.input_ids), [place - 1 for place in places], row.frames).astype(np.float64)
    shifted = logits - logits.max(1, keepdims=True)
    costs = np.log(np.exp(shifted).sum(1)) - shifted[range(len(places)), [labels[place] for place in places]]
    for _, run in groupby(enumerate(places), lambda pair: pair[1] - pair[0]):
        yield float(sum(costs[number] for number, _ in run))


def show(findings: Sequence[Finding]) -> None:
    table = Table("", *(finding.name for finding in findings))
    rows: list[tuple[str, Callable[[Finding], str]]] = [
        ("weights, MB", lambda found: f"{found.weights / 1e6:.1f}"),
        ("trained, CPU-seconds", lambda found: f"{found.trained:,.0f}"),
        ("training rows", lambda found: f"{found.rows:,}"),
        ("LM-PPL, own tokens", lambda found: f"{found.perplexity:.2f}"),
        ("LM-Correctness, own tokens", lambda found: f"{found.correctness:.1f} %"),
        ("bits a letter, known words", lambda found: f"{found.bits:.2f}"),
        ("F1 of words", lambda found: f"{found.f1:.1f}"),
        ("distinct-2", lambda found: f"{found.distinct_2:.1f}"),
        ("said what is seen, heard, said", lambda found: ", ".join(f"{share:.0f} %" for share in found.named) or "-"),
        ("a message, CPU-seconds", lambda found: f"{found.answered:.3f}"),
    ]
    for name, value in rows:
        table.add_row(name, *map(value, findings))
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("chat", type=Path, nargs="?", help="a chat log; without one, streams are made up")
    parser.add_argument("--streams", type=int, default=32, help="that are made up")
    given = parser.parse_args()
    silence_libraries()
    with error_exit(), TemporaryDirectory() as place:
        senses = SENSES if given.chat is None else ()
        workspace = init(Path(place) / "workspace", Day0Choice(template="chat", senses=senses))
        store = FeatureStore(workspace.root / FEATURES)
        cases = logged(given.chat) if given.chat else made_up(Path(place) / "streams", store, given.streams)
        apart = max(1, len(cases) // 4)
        taught, held = cases[:-apart], cases[-apart:]
        show([find(workspace, contender, taught, held) for contender in contenders(workspace, taught, senses)])


if __name__ == "__main__":
    main()
