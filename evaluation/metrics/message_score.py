"""Predicted chat messages against those that were written, and how varied they are.

F1 is that of words, as dialogues are scored (ConvAI2: Dinan et al. 2019): what a predicted message shares with the one
that was written there, as a multiset, case aside, averaged over the messages that were asked for. distinct-1 and
distinct-2 are the different words, and pairs of neighbours, over all that were said (Li et al. 2016).

How likely a model holds what was written, LM-PPL and LM-Correctness, is read and not generated:
`evaluation.message_likelihoods`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from errata.documents.metric_values import MessageValues
from errata.domain.chapter import Chapters
from errata.tasks.chat_task import MOST_ASKED, spread
from evaluation.metrics.titles import token_f1

LOW_PERPLEXITY_IS_GOOD = frozenset({"perplexity"})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageScore(MessageValues):
    """Of one stream's messages: the gate decides by F1, as it does for chapters."""

    f1: float


def score_messages(written: Chapters, predicted: Chapters) -> MessageScore:
    """`predicted` has a message for each of those that are asked for, in their order; one that is missing scores 0.

    Percent, as all scores.
    """
    asked = [written[place] for place in spread(len(written), MOST_ASKED)]
    said = [message.title for message in predicted[: len(asked)]]
    pairs = zip(asked, [*said, *[""] * (len(asked) - len(said))], strict=True)
    shared = [token_f1(message.title, words) for message, words in pairs]
    return MessageScore(
        f1=100 * sum(shared) / len(shared) if shared else 0.0,
        distinct_1=distinct(said, 1),
        distinct_2=distinct(said, 2),
    )


def distinct(messages: Sequence[str], n: int) -> float | None:
    """Percent of different n-grams, of 1 or 2 words, among all of them; None where there is none. None goes from one
    message into the next."""
    found: list[tuple[str, ...]] = []
    for message in messages:
        words = _WORD.findall(message.casefold())
        found += [(word,) for word in words] if n == 1 else list(pairwise(words))
    return 100 * len(set(found)) / len(found) if found else None
