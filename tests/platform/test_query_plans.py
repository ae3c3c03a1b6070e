"""Every query that is asked once a row, a request or a night finds its rows by an index, on both databases.

The statements are those that the store really sends: each is caught on its way and explained by the database itself.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.access_keys import SessionLimits
from errata.database.connection_tables import ConnectionRow, FetchedReviewRow, SentTaskRow, TraceRow
from errata.database.connections import FetchedReview
from errata.database.record import Record, make_engine
from errata.database.repeated_statement import RepeatedStatement
from errata.database.service_tables import AccessKeyRow, AuditRow, WebSessionRow
from errata.database.store import Store
from errata.database.tables import BandRow, CorrectionRow, EventRow, LinkRow, PredictionRow, TranscriptRow
from errata.domain.canary import Canary
from errata.domain.prediction import Prediction
from errata.domain.twins import signature
from tests.made_up_record import chapters, correction, misheard, talk

_OF_THE_RECORD = (EventRow, TranscriptRow, BandRow, LinkRow, PredictionRow, CorrectionRow)
_OF_THE_SERVICE = (AccessKeyRow, WebSessionRow, AuditRow)
_OF_CONNECTORS = (TraceRow, SentTaskRow, FetchedReviewRow)
GROWING = {table.__tablename__ for table in (*_OF_THE_RECORD, *_OF_THE_SERVICE, *_OF_CONNECTORS)}
COUNT = 4000
"""Transcripts, predictions and corrections each, so that a database has reason to use its indexes."""
Sent = list[tuple[str, Any]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    folder = tmp_path_factory.mktemp("full")
    if request.param == "postgresql":
        record = request.getfixturevalue("postgresql").record(folder / "blobs")
    else:
        shutil.copyfile(empty, folder / "errata.db")
        record = Record(f"sqlite:///{folder / 'errata.db'}", folder / "blobs")
    with record.write() as store:
        store.transcripts.add(talk("first"))  # one with a text, the rest are rows alone
    fill(make_engine(record.url))
    yield record
    record.close()


def fill(engine: sa.Engine) -> None:
    seqs = range(2, COUNT + 2)
    signed = signature("words")
    rows: dict[Any, list[dict[str, Any]]] = {
        EventRow: [{"kind": "bulk"} for _ in range(3 * COUNT)],
        TranscriptRow: [
            {"seq": seq, "hash": f"{seq:064d}", "external_id": f"t{seq}", "title": "", "channel": "", "unit": "words"}
            | {"duration": 9.0, "role": "train", "text_hash": f"{seq:064d}", "signature": signed}
            for seq in seqs
        ],
        BandRow: [{"band": seq * 100 + key, "transcript": seq} for seq in seqs for key in range(5)],
        LinkRow: [{"newer": seq, "older": seq - 1, "reason": "near", "since": seq} for seq in seqs if seq % 2],
        PredictionRow: [
            {"seq": seq + COUNT, "hash": f"{seq:064d}", "transcript": seq, "model": f"{seq % 10}", "template": "t"}
            | {"chapters": [], "problems": [], "foreign": False}
            for seq in seqs
        ],
        CorrectionRow: [
            {"seq": seq + 2 * COUNT, "hash": f"{seq:064d}", "transcript": seq, "kind": "edit", "chapters": []}
            | {"reviewer": f"r{seq % 50}", "origin": "", "reviewed_on": "", "prediction": seq + COUNT}
            for seq in seqs
        ],
    }
    now = datetime.now(UTC)
    rows[AccessKeyRow] = [
        {"number": seq, "name": f"n{seq}", "role": "admin", "digest": f"{seq:064d}", "made": now} for seq in seqs
    ]
    rows[WebSessionRow] = [{"digest": f"{seq:064d}", "key": seq, "made": now, "seen": now} for seq in seqs]
    rows[AuditRow] = [
        {"at": now, "name": f"n{seq}", "role": "", "act": "", "subject": "", "status": 0, "address": ""} for seq in seqs
    ]
    rows[ConnectionRow] = [
        {"tool": "label-studio", "url": f"u{at}", "mark": f"{at}", "project": at} for at in range(50)
    ]
    rows[TraceRow] = [{"trace": f"t{seq}", "span": "s", "prediction": seq + COUNT, "answered_at": "x"} for seq in seqs]
    rows[SentTaskRow] = [{"connection": 1 + seq % 50, "transcript": seq, "key": f"{seq}", "task": seq} for seq in seqs]
    rows[FetchedReviewRow] = [
        {"connection": 1 + seq % 50, "annotation": seq, "task": seq, "content": "", "correction": seq + 2 * COUNT}
        for seq in seqs
    ]
    with engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(sa.insert(table), values)
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


@contextmanager
def caught() -> Iterator[Sent]:
    """Statements that are sent in the block, with their values."""
    sent: Sent = []
    rows = RepeatedStatement.rows

    def catch(connection: sa.Connection, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if statement.split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH"):
            sent.append((statement, values[0] if many else values))

    def catch_repeated(repeated: RepeatedStatement, session: Session, values: Any) -> Any:
        found = rows(repeated, session, values)
        statement = repeated._compiled[session.connection().dialect.name]
        catch(session.connection(), None, statement.text, statement.bind(values), None, False)
        return found

    sa.event.listen(sa.Engine, "before_cursor_execute", catch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RepeatedStatement, "rows", catch_repeated)  # it goes past SQLAlchemy, and past its events
        try:
            yield sent
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", catch)


def reads_all_of(connection: sa.Connection, statement: str, values: Any) -> set[str]:
    """The growing tables of which the statement reads every row, or every entry of an index."""
    if connection.dialect.name == "sqlite":
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
        names = {found[1] for step in plan if (found := re.match(r"SCAN (\w+)", step))}
        return {name for name in names if re.sub(r"_\d+$", "", name) in GROWING}
    explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    return set(_scanned((explained if isinstance(explained, list) else json.loads(str(explained)))[0]["Plan"]))


def _scanned(node: dict[str, Any]) -> Iterator[str]:
    table = node.get("Relation Name")
    if table in GROWING and "Index Cond" not in node and node["Node Type"] not in ("Bitmap Heap Scan", "ModifyTable"):
        yield table
    for inner in node.get("Plans", ()):
        yield from _scanned(inner)


def twins_come(store: Store) -> None:
    store.transcripts.add(misheard(talk("first"), "asked twin"))
    store.labels.changes(store.watermark() - 1, store.watermark())


CANARY = Canary(1, "m", "c", 0.1, 0.05, 3 * COUNT - 20, datetime.now(UTC), "olga", "a try")

ASKED: dict[str, Callable[[Store], object]] = {
    "add a transcript": lambda store: store.transcripts.add(talk("asked")),
    "add a transcript again": lambda store: store.transcripts.add(talk("first")),
    "add a twin": twins_come,
    "add a prediction": lambda store: store.predictions.add(Prediction(7, "new", "t", ())),
    "add a correction": lambda store: store.corrections.add(correction(7, chapters(0))),
    "add a correction that others differ with": lambda store: store.corrections.add(
        correction(8, chapters(0), "other")
    ),
    "know a correction": lambda store: store.corrections.knows("f" * 64),
    "find a transcript": lambda store: store.transcripts.find("t7"),
    "read a transcript": lambda store: store.transcripts.read(1),
    "read a prediction": lambda store: store.predictions.find(7, "7", "t"),
    "read a prediction by its number": lambda store: store.predictions.read(7 + COUNT),
    "the latest prediction": lambda store: store.predictions.last_shown(7),
    "a leak group": lambda store: store.leak_groups.of(7, store.watermark()),
    "a night's labels": lambda store: store.labels.between(3 * COUNT - 20, 3 * COUNT),
    "a night's changes": lambda store: store.labels.changes(3 * COUNT - 20, 3 * COUNT),
    "a night's transcripts": lambda store: store.labels.changed_transcripts(3 * COUNT - 20, 3 * COUNT),
    "the conflicts": lambda store: store.conflicts.transcripts(),
    "their sides": lambda store: store.conflicts.all(),
    "the watermark": lambda store: store.watermark(),
    "a key": lambda store: store.keys.by_digest(f"{7:064d}"),
    "a key's use": lambda store: store.keys.note_use(7, datetime.now(UTC)),
    "a session": lambda store: store.keys.session_key(f"{7:064d}", SessionLimits(timedelta(1), timedelta(1))),
    "a session's use": lambda store: store.keys.note_session(f"{7:064d}"),
    "a key's end": lambda store: store.keys.revoke("n7"),
    "what one did": lambda store: store.audit.newest(10, "n7"),
    "a call in a trace": lambda store: store.traces.knows("t7", "s"),
    "when a call was answered": lambda store: store.traces.answered_at([7 + COUNT]),
    "what went out to a project": lambda store: store.connections.sent_transcripts(7),
    "what nobody heard of": lambda store: store.connections.unheard(7),
    "a task's annotations": lambda store: store.connections.fetched(8, 7),
    "an annotation": lambda store: store.connections.note_review(8, 7, FetchedReview(7, "x", None)),
    "the newest correction": lambda store: store.labels.newest(),
    "a canary's reviews": lambda store: store.canaries.reviews(CANARY),
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_hot_query_uses_an_index(full: Record, asked: str) -> None:
    with caught() as sent, full.write() as store:
        ASKED[asked](store)
    statements = dict(sent)
    statements.pop(next((s for s in statements if "pg_advisory_xact_lock" in s), ""), None)
    assert statements, "nothing was asked"
    with make_engine(full.url).begin() as connection:
        found = {statement: reads_all_of(connection, statement, values) for statement, values in statements.items()}
    assert {statement: tables for statement, tables in found.items() if tables} == {}


def test_a_query_without_an_index_would_be_found(full: Record) -> None:
    with make_engine(full.url).begin() as connection:
        nobody_s = "SELECT seq FROM transcripts WHERE title = 'x'"
        joined = "SELECT c.seq FROM corrections c JOIN transcripts ON transcripts.seq = c.transcript WHERE unit = 'x'"
        assert reads_all_of(connection, nobody_s, ()) == {"transcripts"}
        assert reads_all_of(connection, joined, ())
        assert reads_all_of(connection, "SELECT seq FROM transcripts WHERE hash = 'x'", ()) == set()


def test_the_newest_reviews_are_read_from_the_end_and_not_all_sorted(full: Record) -> None:
    with caught() as sent, full.read() as store:
        store.reviewed_drafts.newest(10)
        store.reviewers.review_times(datetime.now(UTC))
    with make_engine(full.url).begin() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("that it sorts all is said by SQLite's plan alone; PostgreSQL chooses by its statistics")
        for statement, values in sent:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            assert not [step for step in plan if "TEMP B-TREE" in step], plan
