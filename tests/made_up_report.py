"""A made-up night with everything that a report can hold, and a reader of pages that sees what a browser would."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from random import Random
from typing import Any, cast

import numpy as np

from errata.documents.calibration import Calibrations
from errata.documents.comparison import NOTHING
from errata.documents.evaluation import ContenderScores
from errata.documents.evidence import Fault
from errata.documents.judging import (
    BiasEstimate,
    Drift,
    Injection,
    IntervalEstimate,
    JudgeReliability,
    Judging,
    Placebo,
    SayReason,
    SwapConsistency,
)
from errata.documents.night import Night
from errata.documents.parity import Parity
from errata.documents.snapshot import Shard, SnapshotManifest
from errata.documents.stage_reports import CurationReport, MixtureReport, TrainingLog
from evaluation.calibration import fit_calibration
from evaluation.judges.agreement import agreement, correlate_differences, share_estimate
from evaluation.judges.error_rates import better_share, on_corrections
from evaluation.judges.judged_item import JudgedItem
from evaluation.judges.pairwise import PairVerdict
from evaluation.judges.panel import panel_alpha, panel_differences, panel_items, panel_rates, panel_say, panel_verdict
from evaluation.judges.reliability import agreement_floor, decide_say
from evaluation.report.content import NightFiles, Report
from evaluation.statistics.paired import compare
from evaluation.vintages import Vintage, VintageHistory, continual_scores, worst_vintage
from tests.made_up_borders import borders
from tests.made_up_decision import RESULT
from tests.made_up_night import report, talk

VOID = {"meta", "link", "br", "circle", "rect", "path", "line", "polyline"}


class Page(HTMLParser):
    """Tags and attributes in order, and the text; fails where tags don't nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1] == "style"):
            self.text += data

    def words(self) -> str:
        return " ".join(self.text.split())


def full_report(nights: int = 6) -> Report:
    """`made_up_night.report` with the night's files, judges and earlier nights."""
    plain = report(nights)
    evaluation = replace(plain.evaluation, contenders=(taught(plain.evaluation.contenders[0]),))
    return replace(plain, evaluation=evaluation, files=files(), accesses={"anchor": 5, "sealed": 1})


def files() -> NightFiles:
    random = Random(3)
    return NightFiles(
        night=Night(
            label="2026-03-04",
            training_watermark=900,
            gate_watermark=5020,
            day0="5f0c" * 16,
            champion="91ab" * 16,
            champion_watermark=0,
            challenger="",
            challenger_watermark=0,
            code="06f9c97bd1233dd5",
        ),
        manifest=SnapshotManifest(900, (Shard("1" * 64, 128, 0, 400), Shard("2" * 64, 84, 400, 900))),
        curation=CurationReport(190, {"its leak group is held out": 93, "its reviewers disagree": 1}),
        mixture=MixtureReport(
            examples=148, labels=8600, left_out=2, new=74, replayed=74, tokens=95556, altered={"line dropout": 9}
        ),
        training=TrainingLog(320, tuple(3 * 0.99**step + random.uniform(0, 1.5) for step in range(320))),
        parity={"server": Parity(model="5" * 64, size=1, f1=replace(NOTHING, n=104))},
        calibrations=Calibrations("2026-03-04", (fit_calibration("91ab" * 16, borders(400), seed=0),)),
        judges={"candidate": judges()},
        sha256={"manifest.json": "ab" * 32, "dvc.lock": "cd" * 32, "items.parquet": "ef" * 32},
    )


def taught(contender: ContenderScores, vintages: int = 4, items: int = 20) -> ContenderScores:
    """With nights that taught, each a little of it forgotten."""
    random = Random(5)
    history = VintageHistory(
        tuple(Vintage(at + 1, f"2026-02-{at + 1:02d}", cast(Any, (None,) * items), 64) for at in range(vintages)),
        ("5f0c" * 16, *(f"{at}abc" * 16 for at in range(vintages - 1))),
    )
    r = np.array(
        [[60.0 + 12 * (at < row) - 1.5 * max(0, row - at - 1) for at in range(vintages)] for row in range(vintages + 1)]
    )
    clusters = [str(at % 7) for at in range(items)]
    compared = {
        f"vintage_2026-02-{at + 1:02d}": compare(
            [70 + random.uniform(-20, 20) for _ in clusters], [71.0] * items, clusters, 1
        )
        for at in range(vintages)
    }
    every = clusters * vintages
    forgetting = compare([70.0 + at % 3 for at in range(len(every))], [71.5] * len(every), every, 1)
    return replace(
        contender,
        more_guardrails={**compared, "forgetting": forgetting},
        continual=continual_scores(history, "candidate" * 8, r, -0.4, worst_vintage(compared)),
    )


@cache
def judges() -> Judging:
    """As `evaluation.judges` makes it: two judges with a say, and one that says whatever comes first."""
    standings = [standing("ada", "one", 0.95), standing("bo", "two", 0.9), standing("cy", "three", 0.3)]
    random = Random(9)
    talks = [talk(random, at) for at in range(30)]
    items = [
        JudgedItem(at, said, said.channel, (), (), (), "edit", random.uniform(-10, 20)) for at, said in enumerate(talks)
    ]
    given = {
        one.name: [PairVerdict(1 if (item.effect or 0) > random.uniform(-8, 8) else -1, None) for item in items]
        for one in standings
        if one.say
    }
    say, why = panel_say(standings)
    rows = panel_items(items, given)
    return Judging(
        night="2026-03-04",
        judges=tuple(replace(one, calls=64, tokens=48_210, cached=12) for one in standings),
        floor=agreement_floor(IntervalEstimate(12, 4, 0.8, 0.6, 0.9)),
        say=say,
        why=why,
        n=len(rows),
        items=rows,
        missing=(),
        verdict=panel_verdict(rows),
        differences=panel_differences(rows),
        alpha=panel_alpha(rows),
        rates=panel_rates(rows),
        better=better_share(rows),
        complete=True,
        calls=3 * 64,
        tokens=3 * 48_210,
        cached=3 * 12,
    )


@cache
def standing(name: str, family: str, right: float) -> JudgeReliability:
    """Of a judge that says the right thing in so many cases."""
    random = Random(name)
    clusters = [str(at % 6) for at in range(48)]
    said = [1 if random.random() < right else -1 for _ in clusters]
    human = [random.gauss(0, 1) for _ in clusters]
    measured = JudgeReliability(
        name=name,
        family=family,
        model=f"{name}-7b",
        identity=name * 16,
        served=(f"{name}-7b",),
        agreement=agreement([1] * 48, said, clusters),
        rates=on_corrections([1] * 48, said, clusters),
        swap=SwapConsistency(
            share_estimate([random.random() < right for _ in clusters], clusters), 0.5 + (1 - right) / 2
        ),
        placebo=Placebo(16, round(16 * (1 - right)), 8, round(8 * (1 - right))),
        length=BiasEstimate(8, 0.25),
        style=BiasEstimate(8, -0.125),
        style_left=0.0,
        drift=Drift(32, round(32 * right), "2026-02-01", 1),
        injection=Injection(24, 0),
        unanswered=0,
        differences=correlate_differences(
            [(value, value + random.gauss(0, 1), cluster) for value, cluster in zip(human, clusters, strict=True)]
        ),
    )
    return decide_say(measured)


def tainted(night: Report, text: str) -> Report:
    """Every string that comes from outside is `text`."""
    title = text.replace("\0", "")  # no chapter's title may hold it
    items = [
        replace(
            row,
            external_id=text,
            channel=text,
            reviewer=text,
            problems=(text,),
            reference=retitled(row.reference, title),
            prediction=retitled(row.prediction, title),
        )
        for row in night.items
    ]
    excerpts = {
        number: replace(found, segments=tuple(replace(s, text=text, speaker=text) for s in found.segments))
        for number, found in night.excerpts.items()
    }
    lines = tuple(replace(line, label=text[:20]) for line in night.nights)
    facts = dict.fromkeys(night.facts, text)
    entry = night.decisions[0]
    decision = replace(
        entry.decision,
        cause="faults",
        faults=(Fault("reported", detail=text),),
        preset=replace(entry.decision.preset, known_error=text),
        guardrails=(replace(RESULT, name=text),),
    )
    files = replace(
        night.files,
        curation=night.files.curation and CurationReport(1, {text: 2}),
        judges={name: _tainted_judges(judged, text) for name, judged in night.files.judges.items()},
    )
    return replace(
        night,
        items=items,
        excerpts=excerpts,
        nights=lines,
        facts=facts,
        decisions=(replace(entry, decision=decision),),
        files=files,
    )


def retitled(chapters: str, text: str) -> str:
    return json.dumps([{"start": row["start"], "title": text} for row in json.loads(chapters)])


def _tainted_judges(judging: Judging, text: str) -> Judging:
    reason = SayReason("text", text=text)
    rows = [replace(judge, name=text, model=text, family=text, why=(reason,)) for judge in judging.judges]
    return replace(judging, why=reason, judges=tuple(rows))
