"""What a run may spend, and what it has spent."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from errata.documents.judge_params import JudgeLimits
from evaluation.judges.request import LONGEST_ANSWER, NoAnswer, Request

BYTES_A_TOKEN = 3
"""Fewer than the four that English has: what is set aside is rather too much."""


class Budget:
    """Shared by all judges; safe between threads.

    A call is refused when it could pass the limit. Its tokens are set aside beforehand and put right by what the
    endpoint counted; a call that failed, or was not counted, keeps what was set aside.
    """

    def __init__(self, limits: JudgeLimits) -> None:
        self._limits = limits
        self._lock = Lock()
        self.calls: Counter[str] = Counter()
        """By judge."""
        self.tokens: Counter[str] = Counter()

    def take(self, judge: str, request: Request) -> int:
        """Pays for one call; returns the tokens set aside. Raises NoAnswer where there is no budget left for it."""
        size = len(request.instructions.encode()) + len(request.data.encode())
        tokens = size // BYTES_A_TOKEN + LONGEST_ANSWER
        with self._lock:
            if self.calls.total() + 1 > self._limits.calls:
                raise NoAnswer(f"the budget of {self._limits.calls} calls is spent; raise judges.budget in params.yaml")
            if self.tokens.total() + tokens > self._limits.tokens:
                raise NoAnswer(
                    f"the budget of {self._limits.tokens} tokens is spent; raise judges.budget in params.yaml"
                )
            self.calls[judge] += 1
            self.tokens[judge] += tokens
        return tokens

    def settle(self, judge: str, aside: int, counted: int) -> None:
        with self._lock:
            self.tokens[judge] += counted - aside
