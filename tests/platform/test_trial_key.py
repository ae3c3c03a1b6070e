"""What a trial's scores are kept under: whatever they follow from, what is seen among it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from errata.documents.params import AugmentParams, MixParams
from errata.domain.vector_shard import VectorShard
from errata.loop.trial_material import trial_key
from evaluation.ablation import ScoredTalk
from retrain.trial import Trial
from tests.made_up_model import familiar_talk
from tests.made_up_record import chapters

TRIAL = Trial([], "d" * 64, 0, frozenset(), "d" * 64, MixParams(replay=0.0, least=1, seed=7), Path("models"))
TALK = ScoredTalk(familiar_talk("t"), chapters(0, 30, by="Gardens"), "channel")
SHARD = (VectorShard("eyes@1", 1.0, "e" * 64),)


def test_scores_are_of_what_was_seen() -> None:
    """Vectors that came since, of what is trained on or of what is scored, make another trial of it."""
    seen = ScoredTalk(replace(TALK.transcript, vectors=SHARD), TALK.reference, TALK.cluster)
    keys = [
        trial_key(TRIAL, [TALK]),
        trial_key(TRIAL, [seen]),
        trial_key(replace(TRIAL, vectors={"t": SHARD}), [TALK]),
        trial_key(replace(TRIAL, rate=0.5), [TALK]),
        trial_key(TRIAL, [TALK], AugmentParams(0.5, 7)),
    ]
    assert len(set(keys)) == len(keys)
    assert trial_key(replace(TRIAL, vectors={"t": SHARD}), [TALK]) == keys[2]
