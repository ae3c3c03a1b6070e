"""A night's report where models are asked for messages or descriptions: the same page, in words of its own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from errata.documents.metric_values import ModelMean
from errata.documents.scored_items import ScoredItemRow
from errata.domain.hashing import canonical_json
from errata.domain.task_name import TaskName
from errata.wording.glossary import GLOSSARY
from evaluation.report.answer_words import OWN_TERMS
from evaluation.report.content import Report
from evaluation.report.markdown import summary
from evaluation.report.page import render
from tests.made_up_night import report as night_of_chapters

MESSAGE, WRITTEN = "hello otter", "look at the otter"
OF_CHAPTERS = re.compile(r"\b(chapters?|borders?|titles?|boundar\w+|SODA\w*|tIoU)\b", re.IGNORECASE)


def said(row: ScoredItemRow) -> ScoredItemRow:
    """What the night's models wrote, at the places of the chapters."""
    right, answer = ([{"start": 60.0, "title": text}, {"start": 90.0, "title": "lol"}] for text in (WRITTEN, MESSAGE))
    return replace(row, reference=canonical_json(right), prediction=canonical_json(answer), equal_split_f1=None)


def of_texts(task: TaskName) -> Report:
    report = night_of_chapters()
    means = {
        name: ModelMean(n=mean.n, f1=mean.f1, low=mean.low, high=mean.high, distinct_1=40.0, distinct_2=80.0)
        for name, mean in report.evaluation.means.items()
    }
    if task == "chat":
        means = {name: replace(mean, perplexity=1127.0, correctness=0.4) for name, mean in means.items()}
    evaluation = replace(report.evaluation, means=means, equal_split_f1=None)
    return replace(report, task=task, evaluation=evaluation, items=[said(row) for row in report.items])


def shown_text(page: str) -> str:
    body = page[page.index("<body>") :]
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL))


@pytest.mark.parametrize("task", ["chat", "description"])
def test_the_page_of_messages_or_descriptions_says_nothing_of_chapters(task: TaskName) -> None:
    text = shown_text(render(of_texts(task)))
    assert not sorted({found.group().lower() for found in OF_CHAPTERS.finditer(text)})
    assert "F1 of words" in text and "Different pairs of words" in text


def test_a_lost_item_shows_what_each_model_said_beside_what_was_written() -> None:
    page = render(of_texts("chat"))
    _, _, cases = page.partition('<h2 id="regressions">')
    assert "Written at" in cases and MESSAGE in cases and WRITTEN in cases
    assert "✗" not in cases.partition('<h2 id="glossary">')[0], "no message is at a wrong place"


def test_what_is_compared_in_the_summary_are_the_metrics_that_there_are() -> None:
    assert "| Model | Items | F1 of words | Different pairs of words | LM-PPL |" in summary(of_texts("chat"))
    assert "| Model | Items | F1 of words | Different pairs of words |\n" in summary(of_texts("description"))


def test_only_terms_that_there_are_get_another_meaning() -> None:
    assert {term for own in OWN_TERMS.values() for term in own} <= GLOSSARY.keys()
