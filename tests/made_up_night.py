"""Nights for the tests of the report: talks, reviews and models made up, but scored and judged by the real code."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import asdict, dataclass, replace
from functools import cache
from random import Random

from errata.documents.comparison import Comparison
from errata.documents.decision import OutcomeDecision
from errata.documents.evaluation import ContenderScores, Evaluation
from errata.documents.evidence import Evidence
from errata.documents.metric_values import ModelMean
from errata.documents.params import GateParams
from errata.documents.scored_items import ScoredItemRow
from errata.domain.chapter import Chapter, Chapters, canonical
from errata.domain.hashing import canonical_json
from errata.domain.transcript import Segment, Transcript
from evaluation.items import equal_split
from evaluation.metrics.score import mean_score, score_video
from evaluation.report.content import NightLine, Report, shown_transcripts
from evaluation.statistics.paired import compare
from registry.gate import decide
from registry.policy import SMALL, preset

PARTS = {"fresh": 64, "anchor": 26, "retention": 14}
SKILL = {"day0": 0.45, "champion": 0.62, "candidate": 0.74}
"""How often a model of that name gets a border right."""
CHANNELS = ("Harbour Talks", "Kitchen Physics", "The Slow Compiler", "Allotment Radio", "Night Shift Nursing",
            "Rail and Sail", "Paper Trails", "Öffentliche Vorlesungen", "Small Claims")  # fmt: skip
REVIEWERS = ("m.okafor", "lena", "t.sato")
TITLES = ("Why the old pump failed", "Reading the tide tables", "Questions from the floor", "What a lock-keeper does",
          "A short history of rope", "Costs, and who pays them", "Trying it on a slower machine", "Closing remarks",
          "Three ways to splice", "The winter of the long repair")  # fmt: skip
SENTENCES = (
    "So the first thing we tried was to leave it alone for a whole season and write down what happened.",
    "Right.",
    "And if you look at the second figure you will see that it barely moves until the valve is opened.",
    "I would not recommend that to anybody, but it was what we had, and it held until March.",
    "Let us move on to the part that everybody asks about.",
    "Could you say a little more about what it cost?",
)


@dataclass(frozen=True)
class Item:
    transcript: Transcript
    part: str
    kind: str
    reviewer: str
    reference: Chapters


def talk(random: Random, number: int) -> Transcript:
    segments, at = [], 0.0
    for _ in range(random.randint(50, 120)):
        end = at + random.uniform(4, 14)
        segments.append(Segment(round(at, 1), round(end, 1), random.choice(SENTENCES), random.choice(("Ana", "Bo"))))
        at = end
    channel = random.choice(CHANNELS[: 3 + number % 7])
    return Transcript(f"talk-{number:04d}", tuple(segments), round(at, 1), title=f"Talk {number}", channel=channel)


def chapters(random: Random, transcript: Transcript) -> Chapters:
    count = random.randint(4, 9)
    starts = sorted(random.sample(range(5, len(transcript.segments)), count - 1))
    titles = random.sample(TITLES, count)
    places = [0.0, *(transcript.segments[index].start for index in starts)]
    return canonical(tuple(map(Chapter, places, titles)), transcript).chapters


def answer(random: Random, item: Item, skill: float) -> Chapters:
    """The reference with each border kept, moved or dropped, and each title kept or replaced."""
    kept = []
    for chapter in item.reference:
        chance = random.random()
        title = chapter.title if random.random() < skill else random.choice(TITLES)
        if chapter.start == 0 or chance < skill:
            kept.append(Chapter(chapter.start, title))
        elif chance < skill + (1 - skill) * 0.7:
            kept.append(Chapter(max(1.0, chapter.start + random.uniform(-90, 90)), title))
    return canonical(tuple(kept), item.transcript).chapters


def item(random: Random, number: int, part: str) -> Item:
    transcript = talk(random, number)
    kind = "reference" if part == "retention" else random.choice(("edit", "edit", "accept"))
    reviewer = "" if part == "retention" else random.choice(REVIEWERS)
    return Item(transcript, part, kind, reviewer, chapters(random, transcript))


def row(name: str, number: int, item: Item, prediction: Chapters) -> ScoredItemRow:
    """As `evaluation.harness` writes it."""
    transcript = item.transcript
    floor = equal_split(transcript.duration, len(item.reference))
    return ScoredItemRow(
        night="2026-03-04",
        part=item.part,
        name=name,
        model=name * 8,
        transcript=number,
        external_id=transcript.external_id,
        channel=transcript.channel,
        correction=1000 + number,
        kind=item.kind,
        reviewer=item.reviewer,
        **asdict(score_video(item.reference, prediction, transcript.duration)),
        equal_split_f1=score_video(item.reference, floor, transcript.duration).f1,
        reference=canonical_json([chapter.as_json() for chapter in item.reference]),
        prediction=canonical_json([chapter.as_json() for chapter in prediction]),
    )


def mean(rows: list[ScoredItemRow], items: list[Item]) -> ModelMean:
    scores = [
        score_video(item.reference, as_chapters(row), item.transcript.duration)
        for row, item in zip(rows, items, strict=True)
    ]
    f1 = [score.f1 for score in scores]
    spread = compare(f1, [0.0] * len(f1), [item.transcript.channel for item in items], 1)
    return ModelMean(n=len(rows), low=spread.low, high=spread.high, **asdict(mean_score(scores).mean))


def as_chapters(row: ScoredItemRow) -> Chapters:
    return tuple(Chapter(**chapter) for chapter in json.loads(row.prediction))


@dataclass(frozen=True)
class ScoredNight:
    """A night's items, what every model made of them, and what came of it."""

    items: list[Item]
    rows: dict[str, list[ScoredItemRow]]
    evaluation: Evaluation
    decision: OutcomeDecision
    random: Random
    """As these have left it."""


@cache
def _scored(seed: int) -> ScoredNight:
    random = Random(seed)
    items = [item(random, at, part) for at, part in enumerate(p for p, count in PARTS.items() for _ in range(count))]
    rows = {
        name: [row(name, at, item, answer(random, item, skill)) for at, item in enumerate(items)]
        for name, skill in SKILL.items()
    }
    fresh = [at for at, item in enumerate(items) if item.part == "fresh"]
    means = {name: mean([rows[name][at] for at in fresh], [items[at] for at in fresh]) for name in SKILL}
    evaluation, decision = _decided(rows, items, means)
    return ScoredNight(items, rows, evaluation, decision, random)


def report(nights: int = 6, seed: int = 7) -> Report:
    """`nights` in all; the last one has a candidate that is better than the champion."""
    scored = _scored(seed)
    items, decision, means = scored.items, scored.decision, scored.evaluation.means
    every = [found for name in scored.rows for found in scored.rows[name]]
    promoted = "candidate" if decision.promoted else ""
    tonight = NightLine("2026-03-04", decision.decision.verdict, 71, 64, means, promoted)
    return Report(
        nights=(*_earlier(copy(scored.random), nights - 1, means), tonight),
        evaluation=scored.evaluation,
        decisions=(decision,),
        items=every,
        excerpts={at: items[at].transcript for at in shown_transcripts(every, (decision,))},
        facts={
            "Night": "2026-03-04",
            "Training watermark": "4 812",
            "Gate watermark": "5 020",
            "Day-0": "5f0c" * 16,
            "Champion": "91ab" * 16,
            "Candidate": "c0de" * 16,
            "Rows trained on": "212",
            "Training loss": "2.91 first, 1.04 last",
            "MLflow": "run 8c1f in experiment nightly, model errata version 7",
            "Made at (UTC)": "2026-03-04 02:41:07",
            "Errata": "0.1.0",
        },
    )


def bootstrap() -> Report:
    """The first night: no item, no contender."""
    full = report(1)
    nothing = {"day0": ModelMean(), "champion": ModelMean()}
    evaluation = Evaluation(night="2026-03-01", fresh_items=0, means=nothing)
    night = NightLine("2026-03-01", "bootstrap", 0, 0, nothing, "")
    return replace(full, nights=(night,), evaluation=evaluation, decisions=(), items=[], excerpts={})


def of_nothing() -> Report:
    """Not even a night."""
    return Report((), Evaluation(night="", fresh_items=0, means={}), (), [], {}, {})


def _decided(
    rows: dict[str, list[ScoredItemRow]], items: list[Item], means: dict[str, ModelMean]
) -> tuple[Evaluation, OutcomeDecision]:
    def against(name: str, *parts: str) -> Comparison:
        of_parts = [(at, item) for at, item in enumerate(items) if item.part in parts]
        chosen = [at for at, item in of_parts if item.part != "fresh" or item.kind != "accept"]
        new, old = ([rows[who][at].f1 for at in chosen] for who in ("candidate", name))
        return compare(new, old, [items[at].transcript.channel for at in chosen], 1)

    primary, anchor = against("champion", "fresh"), against("champion", "anchor")
    retention = against("day0", "retention")
    same = compare([100.0] * 104, [100.0] * 104, [str(at % 9) for at in range(104)], 1)
    guardrails = [SMALL.guardrail("anchor", anchor), SMALL.guardrail("day0_retention", retention)]
    others = ("best_anchor", "collapses", "parsable", "parity_server", "parity_device")
    guardrails += [SMALL.guardrail(name, same) for name in others]
    # What is held out is small, and the release owner knew.
    policy = preset(GateParams("small", waive=("anchor", "day0_retention")))
    decision = decide(Evidence(primary, tuple(guardrails)), policy)
    scores = ContenderScores(
        name="candidate",
        model="candidate" * 8,
        watermark=4812,
        primary=primary,
        against_day0=against("day0", "fresh"),
        guardrails={"anchor": anchor, "day0_retention": retention, "parsable": same},
    )
    fresh = [item for item in items if item.part == "fresh"]
    floors = [row.equal_split_f1 for row in rows["day0"] if row.part == "fresh"]
    evaluation = Evaluation(
        night="2026-03-04",
        fresh_items=len(fresh),
        accepted=sum(item.kind == "accept" for item in fresh),
        equal_split_f1=sum(floors) / len(floors),
        means=means,
        contenders=(scores,),
    )
    return evaluation, OutcomeDecision("candidate", "candidate" * 8, decision.verdict == "promote", "", decision)


def _earlier(random: Random, count: int, means: dict[str, ModelMean]) -> list[NightLine]:
    """Nights on which the champion crept up to where it is tonight."""
    lines = []
    for at in range(count):
        share, harder = (at + 1) / (count + 1), random.uniform(-3, 3)
        day0, end = ((means[name].f1 or 0.0) + harder for name in ("day0", "champion"))
        champion = day0 + (end - day0) * (share if at else 0)
        values = {"day0": day0, "champion": champion, "candidate": champion + random.uniform(-2, 4)}
        scored = {
            name: ModelMean(n=60, f1=f1, low=f1 - random.uniform(3, 5), high=f1 + random.uniform(3, 5))
            for name, f1 in values.items()
            if not (at % 9 == 4 and name == "candidate")
        }
        verdict = "skipped" if at % 9 == 4 else ("promote", "inconclusive", "underpowered", "reject")[at % 4]
        promoted = "candidate" if verdict == "promote" else ""
        lines.append(NightLine(f"2026-02-{at % 28 + 1:02d}", verdict, random.randint(40, 90), 60, scored, promoted))
    return lines
