"""A real model judges, over HTTP: Gemma 3 270M, which is far too weak to be heard, and the page says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle

import pytest

from errata.documents.judge_params import Judge, JudgesParams
from errata.documents.judging import Judging
from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.wording.judging_sentences import floor_sentence, judge_sentences
from evaluation.judges import canary_pairs, reliability
from evaluation.judges.judge_client import open_judges
from evaluation.judges.judge_session import JudgeSession
from evaluation.judges.judged_item import AnswerPair
from evaluation.judges.reliability import KAPPA
from evaluation.report.page import render
from tests.gemma_server import MODEL, gemma_server
from tests.made_up_report import Page, full_report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PAIRS = 20
"""Corrections, and as many are asked for: the model reads some 200 words a second on one core."""

DAMAGES = ("swapped", "merged", "vague")
TALKS = canary_pairs.talks()


def excerpt(talk: Transcript, right: Chapters, border: int) -> tuple[Transcript, Chapters]:
    """The two lines before a border and the two after it: few enough for two cores."""
    at = [segment.start for segment in talk.segments].index(right[border].start)
    segments = talk.segments[max(at - 2, 0) : at + 2]
    chapters = (replace(right[border - 1], start=segments[0].start), right[border])
    return replace(talk, external_id=f"{talk.external_id} {border}", segments=segments), chapters


EXCERPTS = [excerpt(talk, right, border) for talk, right in TALKS for border in range(1, len(right))]


def corrections() -> list[AnswerPair]:
    """As reviewers leave them: each the right chapters of an excerpt, and what a model might have made of it."""
    pairs = []
    for (talk, right), name in zip(EXCERPTS, cycle(DAMAGES), strict=False):
        damaged = canary_pairs._DAMAGES[name](right, talk)
        pairs.append(AnswerPair(talk, damaged, right, talk.channel, 1))
    return pairs


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judging]:
    """With one talk's canaries of eight."""
    with gemma_server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(canary_pairs, "talks", lambda: tuple(EXCERPTS[:1]))
        patch.setattr(reliability, "PAIRS", PAIRS)
        params = JudgesParams((Judge("gemma", "google", MODEL, url),))
        clients = open_judges(params, tmp_path_factory.mktemp("judges"))
        yield JudgeSession(clients, [], "2026-03-04", corrections()).result()


def test_it_answers_all_that_it_is_asked_as_the_model_that_it_is(judging: Judging) -> None:
    judge = judging.judges[0]
    assert judging.complete and not judge.missing and judge.served == (MODEL,)
    assert judge.agreement.kappa.n == PAIRS and judge.agreement.kappa.clusters > 3
    assert judge.placebo.repeated == 2 and judge.placebo.equal == 1


def test_it_is_refused_as_too_weak(judging: Judging) -> None:
    judge = judging.judges[0]
    assert judge.say is False and not judging.say
    assert {"disagrees", "order matters"} <= {reason.code for reason in judge.why}
    assert judge.agreement.kappa.low is not None and judge.agreement.kappa.low < KAPPA
    assert judge.rates.true_positive.low is not None and judge.rates.true_positive.low < 0.5


def test_the_page_says_so(judging: Judging) -> None:
    night = full_report()
    page = render(replace(night, files=replace(night.files, judges={"candidate": judging})))
    words = Page(page).words().replace("−", "-")
    assert "The judges have no say. No judge has a say." in words
    for sentence in (*judge_sentences(judging.judges[0]), floor_sentence(judging.floor)):
        assert sentence in words
    assert "It agrees too little with reviewers" in words
