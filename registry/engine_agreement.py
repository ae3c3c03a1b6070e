"""Does llama.cpp answer as transformers does? Token ids on lines, greedy answers on a few talks, no scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from errata.database.record import Record
from errata.documents.engine_agreement import (
    AnswerAgreement,
    EngineAgreement,
    FirstDifference,
    OtherLine,
    TokenAgreement,
)
from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.inference.artefact import verify
from errata.inference.gguf import gguf_file
from errata.inference.load import has_llama_cpp
from errata.inference.model import FolderModel
from errata.inference.recorded import NO_CHATS, RecordedModel
from errata.inference.tokenizer import load_tokenizer

LINES = 1_000


def agreement(original: Sequence[Chapters], exported: Sequence[Chapters]) -> AnswerAgreement:
    """Answer i of both is to item i. Raises ValueError where one has more answers than the other."""
    same_answers = starts = same_starts = same_titles = 0
    for old, new in zip(original, exported, strict=True):
        old_titles = {chapter.start: chapter.title for chapter in old}
        new_titles = {chapter.start: chapter.title for chapter in new}
        same_answers += old == new
        starts += len(old_titles.keys() | new_titles.keys())
        same_starts += len(old_titles.keys() & new_titles.keys())
        same_titles += len(old_titles.items() & new_titles.items())
    return AnswerAgreement(
        answers=_percent(same_answers, len(original)),
        starts=_percent(same_starts, starts),
        titles=_percent(same_titles, same_starts),
    )


def first_difference(
    transcripts: Sequence[int], original: Sequence[Chapters], exported: Sequence[Chapters]
) -> FirstDifference | None:
    """Answer i of both is to transcript i."""
    for transcript, old, new in zip(transcripts, original, exported, strict=True):
        for place, (one, other) in enumerate(zip_longest(old, new)):
            if one != other:
                starts = (None if chapter is None else chapter.start for chapter in (one, other))
                return FirstDifference(transcript, place, *starts)
    return None


def token_agreement(folder: Path, talks: Mapping[int, Transcript]) -> TokenAgreement:
    """Of the .gguf file in `folder`, in llama.cpp, with the tokenizer beside it, on the talks' first `LINES` lines.

    A blank stands before each line, as within a text: some tokenizers, errata-tiny's among them, put one before a text
    themselves, which no .gguf file can ask of llama.cpp.
    """
    from errata.inference.llama_server import LlamaServer

    tokenizer, server = load_tokenizer(folder), LlamaServer(gguf_file(folder), LINES, 1)
    lines = [
        (OtherLine(seq, place), f" {line.text}") for seq, talk in talks.items() for place, line in enumerate(talk.lines)
    ]
    others = [
        place
        for place, text in lines[:LINES]
        if server.tokenize(text) != tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    ]
    count = len(lines[:LINES])
    return TokenAgreement(count, count - len(others), others[0] if others else None)


def recorded_answers(
    record: Record,
    models: Path,
    folder: Path,
    transcripts: Sequence[int],
    advance: Callable[[], None],
    chats: Mapping[int, Chapters] = NO_CHATS,
) -> list[Chapters]:
    """Answer i of the model in `folder` is to transcript i. What the record has isn't asked again, and what is new is
    recorded; `advance` is called after each. `models` is where an adapter's base is kept, `chats` as in `predict_all`.

    Raises NotFound for a folder whose files aren't those that were sealed.
    """
    recorded = RecordedModel(record, FolderModel(verify(folder), folder, models))
    predictions = recorded.predict_all(transcripts, advance, chats)
    return [predictions[transcript].chapters for transcript in transcripts]


def measure(
    record: Record,
    models: Path,
    model: Path,
    export: Path,
    transcripts: Sequence[int],
    advance: Callable[[], None] = lambda: None,
) -> EngineAgreement:
    """Of the .gguf file in `export` with the `model` that it was made from; `models` is where adapters' bases are kept.

    Every answer is recorded, and asked once; `advance` is called after each.
    """
    original, exported = (recorded_answers(record, models, folder, transcripts, advance) for folder in (model, export))
    with record.read() as store:
        talks = {transcript: store.transcripts.read(transcript) for transcript in transcripts}
    return EngineAgreement(
        model=verify(export),
        engine="llama.cpp" if has_llama_cpp() else "transformers",
        tokens=token_agreement(export, talks) if has_llama_cpp() else None,
        talks=len(talks),
        answers=agreement(original, exported),
        difference=first_difference(transcripts, original, exported),
    )


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
