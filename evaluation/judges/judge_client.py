"""A judge at work: what was said before is found again, the rest is asked, and what was not answered is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from errata.documents.judge_params import Judge, JudgesParams
from evaluation.judges.budget import Budget
from evaluation.judges.cache import FOLDER, Cache
from evaluation.judges.request import Form, NoAnswer, Request, Source

ENOUGH = 3
"""Questions in a row without an answer after which a judge is taken to be down, and is asked nothing more."""


@dataclass(frozen=True)
class JudgeTally:
    """What a judge was asked, and what that cost."""

    calls: int
    tokens: int
    cached: int
    missing: Counter[str]
    """Questions without an answer, by why."""

    def since(self, before: JudgeTally) -> JudgeTally:
        calls, tokens, cached = self.calls - before.calls, self.tokens - before.tokens, self.cached - before.cached
        return JudgeTally(calls, tokens, cached, self.missing - before.missing)


def total(tallies: Iterable[JudgeTally]) -> JudgeTally:
    calls, tokens, cached, missing = 0, 0, 0, Counter[str]()
    for tally in tallies:
        calls, tokens, cached = calls + tally.calls, tokens + tally.tokens, cached + tally.cached
        missing += tally.missing
    return JudgeTally(calls, tokens, cached, missing)


class JudgeClient:
    def __init__(
        self, judge: Judge, source: Source, cache: Cache, budget: Budget, advance: Callable[[], None] = lambda: None
    ) -> None:
        self.judge = judge
        self.identity = source.identity
        self.cache = cache
        self.cached = 0
        self.missing: Counter[str] = Counter()
        """Questions without an answer, by why."""
        self.served: set[str] = set()
        self._source, self._budget, self._advance = source, budget, advance
        self._lock = Lock()
        self._failed = 0
        self._down = ""

    @property
    def calls(self) -> int:
        return self._budget.calls[self.judge.name]

    @property
    def tokens(self) -> int:
        return self._budget.tokens[self.judge.name]

    def tally(self) -> JudgeTally:
        """In this run so far."""
        return JudgeTally(self.calls, self.tokens, self.cached, Counter(self.missing))

    def ask(self, requests: Sequence[Request]) -> list[Form | None]:
        """An answer a request, in their order; None where there is none. What is asked twice is asked once."""
        by_key = {request.key(self.identity): request for request in requests}
        with ThreadPoolExecutor(self._source.at_once) as pool:
            answers = dict(zip(by_key, pool.map(self._answer, by_key.values()), strict=True))
        return [answers[request.key(self.identity)] for request in requests]

    def _answer(self, request: Request) -> Form | None:
        reply = self.cache.get(self.identity, request)
        if reply is not None:
            self._count(reply.served, 1)
            return reply.answer
        if self._down:
            self._miss(self._down)
            return None
        try:
            reply = self._source.answer(request)
        except NoAnswer as fault:
            self._fail(fault)
            return None
        self.cache.put(self.identity, request, reply)
        self._count(reply.served, 0)
        return reply.answer

    def _count(self, served: str, cached: int) -> None:
        with self._lock:
            self.cached += cached
            self._failed = self._failed if cached else 0  # a kept answer doesn't tell whether the judge is up
            self.served |= {served} - {""}
        self._advance()

    def _fail(self, fault: NoAnswer) -> None:
        with self._lock:
            self._failed += 1
            if fault.final or self._failed >= ENOUGH:
                self._down = str(fault)
        self._miss(str(fault))

    def _miss(self, why: str) -> None:
        with self._lock:
            self.missing[why] += 1
        self._advance()


def open_judges(params: JudgesParams, root: Path, advance: Callable[[], None] = lambda: None) -> list[JudgeClient]:
    """A client for each judge; no model is loaded and nobody is called yet. `advance` is called after every answer.

    `root` is the workspace: local judges are found and answers are kept there. The budget is for all of them. Raises
    NotFound for a local judge whose folder is not there.
    """
    cache, budget = Cache(root / FOLDER), Budget(params.budget)
    return [JudgeClient(judge, _source(judge, root, budget), cache, budget, advance) for judge in params.panel]


def _source(judge: Judge, root: Path, budget: Budget) -> Source:
    if judge.folder:
        from evaluation.judges.local import LocalModel

        return LocalModel(judge.name, root / judge.folder, budget)
    from evaluation.judges.endpoint import Endpoint

    return Endpoint(judge, budget)
