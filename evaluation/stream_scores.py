"""A model that watches, scored on rows with the right answers: read whole, once, and again without a reply where it
came too late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from errata.features.feature_store import FeatureStore
from errata.tasks.encode import IGNORED, PLACEHOLDERS, Encoded
from evaluation.metrics.streaming import Logits, Silence, StreamScore, StreamTurn, TurnScore, score_turn, stream_score

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class TurnPlaces:
    """Where in a row a turn is."""

    begin: int
    """Its first token."""
    frames: tuple[int, ...]
    """The last placeholder of each frame that it is taught after,"""
    reply: tuple[int, ...]
    """and each token of the reply that another is taught after."""


def score_streams(
    model: Any, rows: Sequence[Encoded], store: FeatureStore, silence: Silence, fps: float
) -> StreamScore:
    """`model` has its connectors attached; each row is a stream, of `fps` frames a second."""
    return stream_score([score_row(model, row, store, silence) for row in rows], fps)


def score_row(model: Any, row: Encoded, store: FeatureStore, silence: Silence) -> list[TurnScore]:
    from errata.inference.connector import vectors_of

    vectors = vectors_of(row.frames, store)
    logits, turns = _logits(model, row.input_ids, vectors), list(turns_of(row))
    labels = np.array([*row.labels[1:], IGNORED])
    scores = []
    for turn, coming in zip(turns, [*turns[1:], None], strict=True):
        frames, reply = list(turn.frames), list(turn.reply)
        read = StreamTurn(logits[frames], labels[frames], logits[reply], labels[reply], len(frames))
        if coming is None or not frames:
            scores.append(score_turn(read, silence))
            continue

        def following(count: int, turn: TurnPlaces = turn, coming: TurnPlaces = coming) -> Logits:
            """The next turn's frames right after this one's last, as if nothing had been said."""
            shown = row.input_ids[coming.begin : coming.frames[count - 1] + 1]
            without_reply = (*row.input_ids[: turn.frames[-1] + 1], *shown)
            shift = turn.frames[-1] + 1 - coming.begin
            return _logits(model, without_reply, vectors)[[place + shift for place in coming.frames[:count]]]

        scores.append(score_turn(read, silence, len(coming.frames), following))
    return scores


def turns_of(row: Encoded) -> Iterator[TurnPlaces]:
    """In their order: each ends with its reply, the last perhaps without one."""
    silence = row.labels[-1]  # a row's end is what silence is, too
    begin, frames, reply = 0, list[int](), list[int]()
    for place, label in enumerate(row.labels[1:]):
        if label == IGNORED:
            continue
        if row.input_ids[place] >= 0:
            reply.append(place)
            continue
        if reply or (frames and row.labels[frames[-1] + 1] != silence):  # a reply may be a single token
            yield TurnPlaces(begin, tuple(frames), tuple(reply))
            begin, frames, reply = (reply or frames)[-1] + 2, [], []
        frames.append(place)
    if frames or reply:
        yield TurnPlaces(begin, tuple(frames), tuple(reply))


def _logits(model: Any, input_ids: Sequence[int], vectors: Mapping[str, torch.Tensor]) -> Logits:
    """(tokens, vocabulary), of tokens whose placeholders stand for the first of `vectors`."""
    import torch

    from errata.inference.connector import read_among_words

    ids = torch.tensor([list(input_ids)], device=model.device)
    shown: dict[str, torch.Tensor] = {
        name: vectors[name][: int((ids == PLACEHOLDERS[name]).sum())] for name in PLACEHOLDERS if name in vectors
    }
    with torch.inference_mode():
        logits: Logits = model(**read_among_words(model, ids, shown)).logits[0].float().cpu().numpy()
    return logits
