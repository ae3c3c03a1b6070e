"""Argilla's record exports: one review for each user who responded to a record.

    {"id", "fields": {…}, "metadata": {…}, "suggestions": {"chapters": {"value", "agent"}},
     "responses": {"chapters": [{"value", "user_id"}]}, "status"}

Read are `to_list` and `to_json`, `to_dict` in both its orients (by record id, and by name, which gives columns), and
each of them flattened ("chapters.responses", "chapters.responses.users", "chapters.responses.status",
"chapters.suggestion", "chapters.suggestion.agent"), and JSONL of records.

Chapters are the answer to the question with `chapter` in its name, in the form of `chapter_text`; its suggestion is
the draft. A question called `verdict` may say accept, edit or reject. The video's id is `video_id` or `external_id` in
metadata or fields, or else the record's `id`; the reviewer is the user's id; `reviewed_on`, `errata_prediction` and
`errata_blind` stand in metadata.

Records of 1.x are read as `argilla_v1` says. A draft is no review and is left out, as is a record that nobody has
responded to, and one of 1.x that was discarded; all are counted. In 2.x a discarded response is a reject. Only
flattened exports of 2.x hold that status. Without it a response is refused unless there is other evidence that it was
submitted: the record is completed and nobody else has responded to it, or the record was never on a server and the
response has a verdict, or a list of chapters that is not the suggested one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import argilla_v1, chapter_text
from errata.formats.fields import listing, mapping, text_or_nothing, word
from errata.formats.label_studio import verdict
from errata.formats.review_lines import Line, entries, place_name, reviews
from errata.formats.review_task import BLIND, KEY
from errata.formats.reviews_jsonl import NOBODY, Review
from errata.formats.row_files import json_rows
from errata.formats.source_rows import LeftOut, Rejected, SourceRow
from errata.formats.video_ids import video_id

NO_REVIEWS = {"draft": "draft"}
NO_REVIEWS_V1 = {**NO_REVIEWS, "discarded": "discarded", "pending": NOBODY}
"""The statuses of a response that is left out, and what it is counted as."""

_OF_A_QUESTION = re.compile(r"\.(responses|suggestion)(\.\w+)?$")
"""How the names end under which a flattened record has answers and suggestions."""


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """Reads an export. Raises BadInput when it can't be read or nobody has responded to anything in it."""
    records = list(chain.from_iterable(map(_records, json_rows(path))))
    if all(fits(entries(record.raw)) and not _has_responses(record.raw) for record in records):
        raise BadInput(f"{path} holds records that nobody has responded to; export it again once they are reviewed")
    return reviews(chain.from_iterable(map(_responses, records)), partial(_line, key=key), _day, until)


def fits(raw: JsonObject) -> bool:
    if argilla_v1.fits(raw):
        return True
    flat = any(name.endswith((".responses", ".suggestion")) for name in raw)
    return flat or ("fields" in raw and ("responses" in raw or "suggestions" in raw))


def _records(row: SourceRow | Rejected) -> Iterator[SourceRow | Rejected]:
    """The records of a dict of columns, or of a dict by id; other rows as they are."""
    raw = entries(row.raw)
    if isinstance(row, Rejected):
        yield row
    elif fits(raw) and isinstance(raw.get("id"), list):
        yield from _by_column(row)
    elif not fits(raw) and any(isinstance(value, dict) and fits(value) for value in raw.values()):
        for name, value in raw.items():
            yield SourceRow(row.file, f"record {name}", value)
    else:
        yield row


def _by_column(row: SourceRow) -> Iterator[SourceRow | Rejected]:
    columns = row.raw
    if any(not isinstance(column, list) or len(column) != len(columns["id"]) for column in columns.values()):
        yield row.reject("its columns are not lists of one length; export it again")
        return
    for at, cells in enumerate(zip(*columns.values(), strict=True), start=1):
        yield SourceRow(row.file, f"item {at}", dict(zip(columns, cells, strict=True)))


def _has_responses(raw: JsonObject) -> bool:
    if argilla_v1.fits(raw):
        return argilla_v1.is_answered(raw)
    return bool(raw.get("responses")) or any(value for name, value in raw.items() if name.endswith(".responses"))


def _responses(record: SourceRow | Rejected) -> Iterator[SourceRow | Rejected]:
    """The record once for each user who responded, with their answers alone; drafts are left out."""
    raw = entries(record.raw)
    if isinstance(record, Rejected) or not fits(raw):
        yield record
        return
    try:
        whole = _nest(raw)
        answers = _answers_by_user(whole)
    except BadInput as problem:
        yield record.reject(problem)
        return
    place = f"record {place_name(whole.get('id'))}"
    if not answers:
        yield LeftOut(record.file, place, NOBODY, None)
    # A record of one user that comes back from the rejects still says how many there were.
    others = len(answers) - 1 or whole.get("others", 0)
    no_reviews = NO_REVIEWS_V1 if argilla_v1.fits(raw) else NO_REVIEWS
    for user, responses in answers.items():
        alone = {**whole, "responses": responses, "others": others}
        statuses = {answer.get("status") for answer in chain.from_iterable(responses.values())}
        why = next((no_reviews[status] for status in no_reviews if status in statuses), None)
        its_place = f"{place}, user {user}"
        yield SourceRow(record.file, its_place, alone) if why is None else LeftOut(record.file, its_place, why, alone)


def _nest(raw: JsonObject) -> JsonObject:
    """A flattened record in the nested form, with each answer's status beside it; fields and metadata become one."""
    if argilla_v1.fits(raw):
        return argilla_v1.nested(raw)
    if "fields" in raw:
        return raw
    responses: JsonObject = {}
    suggestions: JsonObject = {}
    for name, value in raw.items():
        question = name.rpartition(".")[0]
        if name.endswith(".responses") and value:
            responses[question] = _answers_of(raw, name)
        elif name.endswith(".suggestion") and value is not None:
            suggestions[question] = {"value": value, "agent": raw.get(f"{name}.agent")}
    nested: JsonObject = {"fields": {}, "metadata": {}, "suggestions": suggestions, "responses": responses}
    for name, value in raw.items():
        if name in ("id", "status", "_server_id"):
            nested[name] = value
        elif not _OF_A_QUESTION.search(name):
            nested["metadata"][name] = value
    return nested


def _answers_of(raw: JsonObject, name: str) -> list[JsonObject]:
    values, users = listing(raw[name], name), listing(raw.get(f"{name}.users"), f"{name}.users")
    statuses = listing(raw.get(f"{name}.status"), f"{name}.status")
    if not len(values) == len(users) == len(statuses):
        raise BadInput("{}, its users and its status differ in length; export it again", name)
    answers: list[JsonObject] = []
    for value, user, status in zip(values, users, statuses, strict=True):
        answers.append({"value": value, "user_id": user, "status": status})
    return answers


def _answers_by_user(record: JsonObject) -> dict[str, dict[str, list[JsonObject]]]:
    """{user: {question: [the one answer]}}"""
    by_user: dict[str, dict[str, list[JsonObject]]] = {}
    for question, answers in _part(record, "responses").items():
        for answer in listing(answers, f"the responses to {short(question)}"):
            user = word(mapping(answer, f"a response to {short(question)}").get("user_id"), "user_id")
            by_user.setdefault(user, {}).setdefault(question, []).append(answer)
    return by_user


def _part(raw: Any, name: str) -> JsonObject:
    return mapping(mapping(raw, "the record").get(name) or {}, name)


def _day(raw: Any) -> Any:
    return _part(raw, "metadata").get("reviewed_on")


def _line(raw: Any, key: str | None = None) -> Line:
    metadata = _part(raw, "metadata")
    question = _question(raw)
    decision, answer = _answer(raw, "verdict"), _answer(raw, question)
    draft, model = _draft(raw, question)
    kind, reviewed = _kind_and_chapters(raw, decision, answer, draft)
    places = {**_part(raw, "fields"), **metadata, "id": raw.get("id")}
    return {
        "video_id": video_id(places, ("video_id", "external_id", "id"), key),
        "reviewer": word((answer or decision or {}).get("user_id"), "user_id"),
        "reviewed_on": _day(raw),
        "kind": kind,
        "reviewed": reviewed,
        "draft": draft,
        "draft_by": model,
        "prediction": metadata.get(KEY),
        "blind": metadata.get(BLIND),
    }


def _question(record: JsonObject) -> str:
    """The name of the question about chapters."""
    questions = [*_part(record, "responses"), *_part(record, "suggestions")]
    question = next((name for name in questions if "chapter" in name.lower()), None)
    if question is None:
        raise BadInput(
            "nobody was asked for chapters, but for {}; leave it out, or rename the question", short(questions)
        )
    return question


def _answer(record: JsonObject, question: str) -> JsonObject | None:
    responses = listing(_part(record, "responses").get(question) or [], f"the responses to {question}")
    if len(responses) > 1:
        raise BadInput("one user has {} responses to {}; keep one", len(responses), short(question))
    return mapping(responses[0], "the response") if responses else None


def _draft(record: JsonObject, question: str) -> tuple[list[JsonObject] | None, str]:
    suggestion = mapping(_part(record, "suggestions").get(question) or {}, "the suggestion")
    if suggestion.get("value") is None:
        return None, ""
    chapters = chapter_text.read(suggestion["value"], f"the suggestion for {question}")
    return chapters, text_or_nothing(suggestion.get("agent"), "the suggestion's agent")


def _kind_and_chapters(
    record: JsonObject, decision: JsonObject | None, answer: JsonObject | None, draft: Any
) -> tuple[str | None, list[JsonObject] | None]:
    """The kind of review that the answers make, as far as they say it, and the chapters in it."""
    status = (answer or decision or {}).get("status")
    if status == "discarded":
        return "reject", None
    reviewed = None if answer is None else chapter_text.read(answer.get("value"), "the response")
    if status is None and not _is_submitted(record, decision, reviewed, draft):
        raise BadInput(
            "this export does not say whether the response was submitted or discarded; export with flatten=True, "
            'or add "status": "submitted" to the response'
        )
    if status not in (None, "submitted"):
        raise BadInput("the response's status must be submitted or discarded, not {}", short(status))
    return (None if decision is None else verdict(decision.get("value"))), reviewed


def _is_submitted(record: JsonObject, decision: Any, reviewed: Any, draft: Any) -> bool:
    if record.get("_server_id") is None:
        # Records that never were on a server hold the suggestion itself where nobody has touched it.
        changed = reviewed != draft and bool(reviewed or draft)  # no chapters instead of none is no change
        return decision is not None or (reviewed is not None and changed)
    # A server completes a record by submitted responses; with several users it might be another's that was.
    return record.get("status") == "completed" and not record.get("others")
