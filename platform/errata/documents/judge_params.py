"""`judges` in `params.yaml`: which models are asked which of two answers is better, and what that may cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from errata.domain.hosts import is_this_machine
from errata.domain.names import meant
from errata.errors import BadInput

PLACE = "params.yaml, judges"


@dataclass(frozen=True, slots=True)
class Judge:
    """A pinned model. Either `url` and `model`, or `folder`, says what answers."""

    name: str
    family: str
    """Who made the model. Judges of one family favour one another's words, so that they count as one opinion."""
    model: str = ""
    """The pinned id that the endpoint is asked for and must say it answered as."""
    url: str = ""
    """Of an OpenAI-compatible endpoint, without `/chat/completions`."""
    folder: str = ""
    """Of a local model, sealed by Errata or as `save_pretrained` writes it."""
    key_env: str = ""
    """The environment variable that holds the endpoint's key; empty where it asks for none."""

    def __post_init__(self) -> None:
        """Raises BadInput on a judge that could not be asked, or only unsafely."""
        if not self.name.strip() or not self.family.strip():
            raise BadInput(f"the judge {self.name!r} needs a name and a family; give it both")
        if bool(self.url) == bool(self.folder):
            raise BadInput(f"the judge {self.name!r} needs a url or a folder, and not both; give it one")
        if self.url:
            self._check_url()

    def _check_url(self) -> None:
        try:
            parts = urlsplit(self.url)
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            known = False
        if not known or not self.url.isprintable():
            raise BadInput(f"the judge {self.name!r} has a url without a host; it must begin with https:// or http://")
        if parts.username or parts.password:
            raise BadInput(f"the judge {self.name!r} has a password in its url; name its variable in key_env instead")
        if parts.query or parts.fragment:
            raise BadInput(f"the judge {self.name!r} has a query in its url; end it at /v1 and name a key in key_env")
        if not self.model:
            raise BadInput(f"the judge {self.name!r} pins no model; name the one that its endpoint is to answer as")
        if self.key_env and parts.scheme == "http" and not is_this_machine(str(parts.hostname)):
            raise BadInput(f"the judge {self.name!r} would send its key unencrypted; give it an https:// url")


@dataclass(frozen=True, slots=True)
class JudgeLimits:
    """What one run may cost, all judges together, retries included."""

    calls: int = 5_000
    tokens: int = 5_000_000


@dataclass(frozen=True, slots=True)
class JudgesParams:
    panel: tuple[Judge, ...] = ()
    budget: JudgeLimits = JudgeLimits()
    unlabelled: int = 200
    """Transcripts that nobody has reviewed, to be judged besides: so many for a contender, at most."""


NO_JUDGES = JudgesParams()


def judges_of(group: Any) -> JudgesParams:
    """Of what `params.yaml` holds under `judges`; None is no judges.

    Raises BadInput, in one sentence, on whatever is no judge and no budget.
    """
    group = group or {}
    names = [field.name for field in fields(JudgesParams)]
    if not isinstance(group, dict):
        raise BadInput(f"{PLACE} is {group!r}; it holds {', '.join(names)}")
    for name in group.keys() - names:
        raise BadInput(f"{PLACE} has no parameter {name!r}{meant(str(name), names)}; it holds {', '.join(names)}")
    listed = group.get("panel") or []
    if not isinstance(listed, list):
        raise BadInput(f"{PLACE}.panel is no list; begin each judge with a dash")
    panel = tuple(_judge(place, value) for place, value in enumerate(listed))
    twice = [name for name, count in Counter(judge.name for judge in panel).items() if count > 1]
    if twice:
        raise BadInput(f"{PLACE}.panel: two judges are called {twice[0]!r}; give each a name of its own")
    unlabelled = _count("unlabelled", group.get("unlabelled", NO_JUDGES.unlabelled))
    return JudgesParams(panel, _limits(group.get("budget") or {}), unlabelled)


def _judge(place: int, value: Any) -> Judge:
    if not isinstance(value, dict):
        raise BadInput(f"{PLACE}.panel[{place}] is {value!r}, no judge; give it a name, a family and a url or folder")
    names = [field.name for field in fields(Judge)]
    for name, setting in value.items():
        if name not in names:
            raise BadInput(
                f"{PLACE}.panel[{place}]: {name!r} is nothing that a judge has{meant(str(name), names)}; take "
                f"{', '.join(names)}"
            )
        if not isinstance(setting, str):
            raise BadInput(f"{PLACE}.panel[{place}].{name} is {setting!r}, no text; put it in quotes")
    return Judge(**{"name": "", "family": "", **value})


def _limits(value: Any) -> JudgeLimits:
    names = [field.name for field in fields(JudgeLimits)]
    if not isinstance(value, dict):
        raise BadInput(f"{PLACE}.budget is {value!r}; give it {' and '.join(names)}")
    for name in value:
        if name not in names:
            raise BadInput(f"{PLACE}.budget.{name} is no limit{meant(str(name), names)}; take {' and '.join(names)}")
    return JudgeLimits(**{name: _count(f"budget.{name}", limit) for name, limit in value.items()})


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadInput(f"{PLACE}.{name} is {value!r}; give a whole number from 0")
    return value
