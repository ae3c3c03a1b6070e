"""The part of `params.yaml` that names the judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, StrictInt, TypeAdapter, ValidationError

from errata.errors import BadInput
from evaluation.judges.judge import Judge

PLACE = "params.yaml, judges"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may cost, all judges together, retries included."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    calls: StrictInt = 5_000
    tokens: StrictInt = 5_000_000


@dataclass(frozen=True, slots=True)
class JudgesConfig:
    panel: tuple[Judge, ...] = ()
    budget: Limits = Limits()
    unlabelled: int = 200
    """Transcripts that nobody has reviewed, to be judged besides: so many for a contender, at most."""


def read_config(group: Any) -> JudgesConfig:
    """Of the group `judges` of `params.yaml`; None is one without judges.

    Raises BadInput, in one sentence, on whatever is no judge and no budget.
    """
    group = group or {}
    if not isinstance(group, Mapping) or set(group) - {"panel", "budget", "unlabelled"}:
        raise BadInput(f"{PLACE}: it holds `panel` and `budget`, and may hold `unlabelled`, but nothing else; mend it")
    judges = group.get("panel") or []
    if not isinstance(judges, list):
        raise BadInput(f"{PLACE}.panel is no list; begin each judge with a dash")
    panel = tuple(_judge(place, value) for place, value in enumerate(judges))
    twice = [name for name, count in Counter(judge.name for judge in panel).items() if count > 1]
    if twice:
        raise BadInput(f"{PLACE}.panel: two judges are called {twice[0]!r}; give each a name of its own")
    unlabelled = _unlabelled(group.get("unlabelled", JudgesConfig().unlabelled))
    return JudgesConfig(panel, _budget(group.get("budget") or {}), unlabelled)


def _judge(place: int, value: Any) -> Judge:
    if not isinstance(value, Mapping):
        raise BadInput(f"{PLACE}.panel[{place}] is {value!r}, no judge; give it a name, a family and a url or folder")
    fields = Judge.__slots__
    for name, text in value.items():
        if name not in fields:
            raise BadInput(f"{PLACE}.panel[{place}]: {name!r} is nothing that a judge has; take {', '.join(fields)}")
        if not isinstance(text, str):
            raise BadInput(f"{PLACE}.panel[{place}].{name} is {text!r}, no text; put it in quotes")
    return Judge(**{"name": "", "family": "", **value})


def _unlabelled(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadInput(f"{PLACE}.unlabelled is {value!r}; give a whole number from 0")
    return value


def _budget(value: Any) -> Limits:
    try:
        limits = TypeAdapter(Limits).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in ("budget", *first["loc"]))
        raise BadInput(f"{PLACE}.{place}: {first['msg']}; mend it") from error
    if min(limits.calls, limits.tokens) < 0:
        raise BadInput(f"{PLACE}.budget has a negative limit; give calls and tokens as whole numbers from 0")
    return limits
