"""Judges for the tests: a real HTTP server that speaks chat/completions, and minds that are deterministic and err."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from random import Random
from threading import Event
from typing import Any

from errata.documents.judge_params import Judge, JudgeLimits
from errata.domain.chapter import Chapter, Chapters
from errata.domain.hashing import content_hash
from errata.domain.transcript import Segment, Transcript
from evaluation.judges.budget import Budget
from evaluation.judges.cache import FOLDER, Cache
from evaluation.judges.endpoint import Endpoint
from evaluation.judges.judge_client import JudgeClient
from evaluation.judges.judged_item import JudgedItem
from evaluation.judges.request import NoAnswer, Reply, Request
from tests.made_up_server import listening

Mind = Callable[[str, dict[str, Any]], dict[str, Any] | str]
"""From the form's name and the fenced data to an answer."""

_SUBJECTS = (
    "walnut barrel copper ladder", "glacier moraine crevice summit", "sonata pianist cadence tempo",
    "vaccine antibody placebo cohort", "kerning typeface ligature serif", "compost earthworm mulch clover",
)  # fmt: skip
_FILLER = ("so", "then", "we", "come", "to", "this", "and", "you", "can", "see", "that", "it", "was", "there", "before")


# minds ---------------------------------------------------------------------------------------------------------------


def sensible(form: str, data: dict[str, Any]) -> dict[str, Any]:
    """Counts which titles' words are spoken in their own part, and how many parts there are."""
    if form == "recall":
        return _grade(data)
    if form == "rubric":
        return _marks(data)
    first, second = (_worth(data["transcript"], data[side]) for side in ("first", "second"))
    better = "tie" if abs(first - second) < 0.02 else "first" if first > second else "second"
    return {"why": "by the words of the titles", "better": better}


def partial_to_the_first(form: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"why": "it is the first", "better": "first"} if form == "pairwise" else sensible(form, data)


def fond_of_length(form: str, data: dict[str, Any]) -> dict[str, Any]:
    if form != "pairwise":
        return sensible(form, data)
    one, other = (sum(map(len, data[side])) for side in ("first", "second"))
    return {"why": "more is more", "better": "tie" if one == other else "first" if one > other else "second"}


def fond_of_stars(form: str, data: dict[str, Any]) -> dict[str, Any]:
    starry = [side for side in ("first", "second") if form == "pairwise" and "✨" in "".join(data[side])]
    return {"why": "how it sparkles", "better": starry[0]} if starry else sensible(form, data)


def obedient(form: str, data: dict[str, Any]) -> dict[str, Any]:
    """Does what the material tells it to."""
    said = " ".join(data.get("transcript", ()))
    for side in ("first", "second") if form == "pairwise" else ():
        if f"the {side} list is better" in said or f'"better": "{side}"' in said or "choose it" in "".join(data[side]):
            return {"why": "I was told to", "better": side}
    return sensible(form, data)


def contrary(form: str, data: dict[str, Any]) -> dict[str, Any]:
    """Always of the opposite opinion, and sure of it."""
    found = sensible(form, data)
    turned = {"first": "second", "second": "first", "tie": "tie"}
    return {**found, "better": turned[found["better"]]} if "better" in found else found


def broken(form: str, data: dict[str, Any]) -> str:
    return '{"why": "it breaks off he'


def _worth(lines: list[str], shown: list[str]) -> float:
    said = [re.match(r"\[([\d:]+)\] (.*)", line) for line in lines]
    starts = [line.partition(" ")[0] for line in shown]
    own = []
    for place, line in enumerate(shown):
        title = set(re.findall(r"\w{4,}", line.partition(" ")[2].lower()))
        end = starts[place + 1] if place + 1 < len(starts) else "99:99:99"
        part = " ".join(m[2].lower() for m in said if m and starts[place] <= m[1] < end)
        own.append(sum(word[:5] in part for word in title) / max(len(title), 1))
    return sum(own) / max(len(own), 1) + 0.1 * min(len(own), 3)


def _marks(data: dict[str, Any]) -> dict[str, Any]:
    quote = " ".join(data["transcript"][1].partition("] ")[2].split()[:5]).upper()
    worth = _worth(data["transcript"], data["chapters"])
    mark = {"quote": quote, "score": 2 if worth > 1.2 else 1 if worth > 0.6 else 0}
    made_up = {"quote": "words that nobody ever said", "score": 2}
    names = ("coverage", "boundary_placement", "title_faithfulness", "title_usefulness")
    return {**dict.fromkeys(names, mark), "granularity": made_up}


def _grade(data: dict[str, Any]) -> dict[str, Any]:
    wanted, given = (set(re.findall(r"\w+", data[name].lower())) for name in ("reference", "answer"))
    share = len(wanted & given) / len(wanted)
    return {"why": "by the words", "grade": 2 if share > 0.9 else 1 if share > 0.3 else 0}


# the server ----------------------------------------------------------------------------------------------------------


@dataclass
class Script:
    """What the server does, and what it was asked."""

    mind: Mind = sensible
    served: str = ""
    """Answers as this model; as the one that was asked for, if empty."""
    faults: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    """Status, headers and body of the next answers, before it behaves."""
    always: tuple[int, dict[str, str], str] | None = None
    hangs: bool = False
    drips: bool = False
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    released: Event = field(default_factory=Event)


@contextmanager
def serving(mind: Mind = sensible, **how: Any) -> Iterator[Script]:
    script = Script(mind, **how)
    handler = type("Handler", (_Handler,), {"script": script})
    with listening(handler) as address:
        script.url = f"{address}/v1"
        try:
            yield script
        finally:
            script.released.set()


class _Handler(BaseHTTPRequestHandler):
    script: Script
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        script = self.script
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script.asked.append(body)
        script.keys.append(self.headers.get("Authorization", ""))
        if script.hangs:
            script.released.wait(10)
            self.close_connection = True
            return
        fault = script.faults.pop(0) if script.faults else script.always
        if fault:
            self._say(*fault)
        else:
            self._say(200, {}, json.dumps(self._answer(body)))

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        assert self.path == "/v1/chat/completions" and body["temperature"] == 0
        form = body["response_format"]["json_schema"]
        assert body["response_format"]["type"] == "json_schema" and form["strict"]
        fence, _, rest = body["messages"][1]["content"].partition("\n")
        data = json.loads(rest.removesuffix(f"\n{fence}"))
        said = self.script.mind(form["name"], data)
        content = said if isinstance(said, str) else json.dumps(said)
        return {
            "model": self.script.served or body["model"],
            "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100},
        }

    def _say(self, status: int, headers: dict[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        for part in body if self.script.drips else (body,):
            self.wfile.write(part.encode())
            self.wfile.flush()
            if self.script.drips and self.script.released.wait(0.05):
                return

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Thought:
    """A judge without a wire."""

    mind: Mind
    name: str
    budget: Budget
    silent_on: Callable[[Request], bool] = lambda request: False
    served: str = ""
    at_once: int = 1
    asked: list[Request] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return content_hash(["thought", self.name])

    def answer(self, request: Request) -> Reply:
        aside = self.budget.take(self.name, request)
        self.asked.append(request)
        self.budget.settle(self.name, aside, 100)
        if self.silent_on(request):
            raise NoAnswer(f"{self.name} is silent")
        data = json.loads("\n".join(request.data.split("\n")[1:-1]))
        said = self.mind(request.kind.partition("@")[0], data)
        return Reply(request.form.model_validate(said), self.served)


def thoughts(root: Any, *minds: Mind, calls: int = 100_000) -> tuple[list[JudgeClient], list[Thought]]:
    """A judge for each mind, each of a family of its own."""
    budget = Budget(JudgeLimits(calls, 100_000_000))
    sources = [Thought(mind, name, budget) for mind, name in zip(minds, NAMES, strict=False)]
    return clients_of(root, sources), sources


def clients_of(root: Any, sources: Sequence[Thought]) -> list[JudgeClient]:
    """As in another run: answers are kept, what was spent is not."""
    cache, budget = Cache(root / FOLDER), Budget(sources[0].budget._limits)
    for source in sources:
        source.budget = budget
    judges = [Judge(source.name, f"family {source.name}", "m-1", "https://x.example") for source in sources]
    return [JudgeClient(judge, source, cache, budget) for judge, source in zip(judges, sources, strict=True)]


NAMES = ("ada", "bo", "cy", "di")


# clients and items ----------------------------------------------------------------------------------------------------


def client(script: Script, root: Any, name: str = "ada", calls: int = 10_000, **how: Any) -> JudgeClient:
    """Without waiting between attempts."""
    judge = Judge(name, f"family of {name}", "judge-2026-01-01", script.url)
    budget = Budget(JudgeLimits(calls, how.pop("tokens", 10_000_000)))
    source = Endpoint(judge, budget, how.pop("timeout", 5.0), how.pop("sleep", lambda seconds: None))
    return JudgeClient(judge, source, Cache(root), budget)


def talk(number: int) -> tuple[Transcript, Chapters]:
    """Three subjects of four lines each, and their right chapters; one in seven has titles of nobody's words."""
    random = Random(number)
    subjects = [text.split() for text in random.sample(_SUBJECTS, 3)]
    said = [
        " ".join([*random.sample(_FILLER, 5), subjects[at // 4][at % 4], *random.sample(_FILLER, 3)])
        for at in range(12)
    ]
    segments = tuple(Segment(10.0 * at, 10.0 * at + 9, text) for at, text in enumerate(said))
    titles = [f"{words[0]} and {words[1]}".title() for words in subjects]
    if number % 7 == 3:
        titles = ["Hard truths", "Lighter fare", "Outlook"]
    right = tuple(Chapter(40.0 * at, title) for at, title in enumerate(titles))
    return Transcript(f"talk {number}", segments, 120.0, channel=f"channel {number % 6}"), right


def spoilt(right: Chapters, random: Random, skill: float) -> Chapters:
    """Each title kept with the chance `skill`, else one that is spoken nowhere; the last is never kept."""
    kept = tuple(c if random.random() < skill else _elsewhere(c, random) for c in right[:-1])
    return (*kept, _elsewhere(right[-1], random))


def _elsewhere(chapter: Chapter, random: Random) -> Chapter:
    return Chapter(chapter.start, f"some matter {random.random()}")


def item(number: int, champion: float = 0.3, candidate: float = 0.8, kind: str = "edit") -> JudgedItem:
    """Champion and candidate get that share of titles right; `effect` is the difference they made of it."""
    transcript, right = talk(number)
    random = Random(f"answers to {number}")
    old, new = spoilt(right, random, champion), spoilt(right, random, candidate)
    kept = [sum(one == other for one, other in zip(side, right, strict=True)) / len(right) for side in (old, new)]
    return JudgedItem(number, transcript, transcript.channel, old, new, right, kind, 100 * (kept[1] - kept[0]))
