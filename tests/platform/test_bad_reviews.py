"""Every format of reviews, broken in every way: each review is imported or refused by name, and none is lost.

A file holds one good review and others that are broken. The rejects file, with each row mended, can be imported.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.errors import ErrataError
from errata.formats import review_detect
from errata.formats.review_detect import FORMATS
from errata.formats.reviews_jsonl import Review
from errata.settings import FILE
from tests.made_up_record import talk


@dataclass(frozen=True)
class Said:
    """What somebody said of a talk; the values stand in the file as they are, whatever they are."""

    name: str
    chapters: tuple[tuple[Any, Any], ...] = ((0, "Welcome"), (30, "Soil"), (90, "Tools"))
    reviewer: Any = "ann"


def as_json(rows: list[Any]) -> bytes:
    return json.dumps(rows).encode()


def as_lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def typed(said: Said, moment: Callable[[Any], str]) -> str:
    return "\n".join(f"{moment(start)} {title}" for start, title in said.chapters)


def argilla(said: Said) -> dict[str, Any]:
    value = json.dumps([{"start": start, "title": title} for start, title in said.chapters])
    answer = {"value": value, "user_id": said.reviewer, "status": "submitted"}
    return {"id": said.name, "fields": {}, "metadata": {}, "responses": {"chapters": [answer]}}


def label_studio(said: Said) -> dict[str, Any]:
    result: list[dict[str, Any]] = []
    for number, (start, title) in enumerate(said.chapters):
        span = {"start": start, "end": 110}
        mark = {**span, "labels": ["Chapter"]}
        result.append({"id": f"r{number}", "type": "labels", "from_name": "chapter", "value": mark})
        area = {**span, "text": [title]}
        result.append({"id": f"r{number}", "type": "textarea", "from_name": "title", "value": area})
    return {
        "id": 1,
        "data": {"video_id": said.name},
        "annotations": [{"completed_by": said.reviewer, "result": result}],
    }


def minimal(said: Said) -> dict[str, Any]:
    spans = [{"start": start, "end": 110, "labels": ["Chapter"]} for start, _ in said.chapters]
    titles = [title for _, title in said.chapters]
    told = {"annotator": said.reviewer, "annotation_id": 2}
    return {"video_id": said.name, "chapter": spans, "chapter_title": titles, **told}


def sheet(everything: list[Said]) -> bytes:
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(["video_id", "reviewer", "start", "title"])
    writer.writerows([said.name, said.reviewer, *cells] for said in everything for cells in said.chapters)
    return table.getvalue().encode()


def review(said: Said) -> dict[str, Any]:
    chapters = [{"start": start, "title": title} for start, title in said.chapters]
    return {"video_id": said.name, "reviewer": said.reviewer, "reviewed": chapters}


def doccano(said: Said) -> dict[str, Any]:
    return {
        "id": 1,
        "text": "…",
        "label": typed(said, "{}s".format).split("\n"),
        "video_id": said.name,
        "username": said.reviewer,
    }


def described(said: Said) -> dict[str, Any]:
    def moment(start: Any) -> str:
        return f"{start // 60}:{start % 60:02d}" if isinstance(start, int) and start >= 0 else f"0:{start}"

    return {"id": said.name, "description": f"Hello\n{typed(said, moment)}", "reviewer": said.reviewer}


WRITTEN: dict[str, Callable[[list[Said]], bytes]] = {
    "argilla": lambda said: as_json(list(map(argilla, said))),
    "label-studio": lambda said: as_json(list(map(label_studio, said))),
    "label-studio-min": lambda said: as_json(list(map(minimal, said))),
    "sheet": sheet,
    "reviews": lambda said: as_lines(list(map(review, said))),
    "doccano": lambda said: as_lines(list(map(doccano, said))),
    "description": lambda said: as_json(list(map(described, said))),
}
TEXTUAL = ("sheet", "doccano", "description")
"""A number there is text like any other."""


@dataclass(frozen=True)
class Fault:
    change: Callable[[Said], Said]
    taken: bool = False
    otherwise: tuple[str, ...] = ()
    """The formats that take it where others don't, or don't where others do."""
    not_in: tuple[str, ...] = ()


def second(start: Any = 30, title: Any = "Soil") -> Callable[[Said], Said]:
    return lambda said: replace(said, chapters=(said.chapters[0], (start, title), said.chapters[2]))


FAULTS = {
    "a title that is a number": Fault(second(title=5), not_in=TEXTUAL),
    "no title": Fault(second(title="")),
    "a start that is a word": Fault(second(start="soon")),
    "NUL in a title": Fault(second(title="So\0il")),
    "half a character in a title": Fault(second(title="So\ud800il"), not_in=("sheet",)),
    "a title of a megabyte": Fault(second(title="soil " * 200_000)),
    "times backwards": Fault(lambda said: replace(said, chapters=said.chapters[::-1]), True, ("description",)),
    "a negative start": Fault(second(start=-30)),
    "NaN": Fault(second(start=float("nan"))),
    "two chapters at one start": Fault(second(start=90)),
    "a start beyond the end": Fault(second(start=100_000), not_in=("description",)),
    "nobody": Fault(lambda said: replace(said, reviewer=None), otherwise=("description",)),
    "NUL in a reviewer": Fault(lambda said: replace(said, reviewer="an\0n")),
    "a talk that is not there": Fault(lambda said: replace(said, name="elsewhere")),
}


def broken_in(format_: str) -> dict[str, Said]:
    """The broken reviews that the format can hold, each of a talk called after its fault."""
    able = {fault: one for fault, one in FAULTS.items() if format_ not in one.not_in}
    return {fault: one.change(Said(fault)) for fault, one in able.items()}


def imported(root: Path, path: Path) -> tuple[int, dict[str, Any], str]:
    done = CliRunner().invoke(app, ["import", "corrections", str(path), "-w", str(root), "--json"])
    if isinstance(done.exception, ErrataError):
        return done.exception.exit_code, {}, str(done.exception)
    assert isinstance(done.exception, SystemExit | None), done.exception
    report = json.loads(done.stdout)
    assert report["read"] == report["new"] + report["duplicate"] + report["rejected"], "a review was lost"
    return done.exit_code, report, done.stderr


def reviewed(record: Record) -> set[str]:
    with record.read() as store:
        return {label.external_id for label in store.labels.between(0, store.watermark())}


@pytest.fixture
def root(record: Record, tmp_path: Path) -> Path:
    """A workspace with a talk for every fault, and a good one."""
    (tmp_path / FILE).touch()
    with record.write() as store:
        for name in ("good", *FAULTS):
            store.transcripts.add(talk(name))
    return tmp_path


@pytest.mark.parametrize("format_", WRITTEN)
def test_what_is_broken_is_imported_or_refused_and_can_be_mended(format_: str, root: Path, record: Record) -> None:
    broken, path = broken_in(format_), root / "ann"
    path.write_bytes(WRITTEN[format_]([Said("good"), *broken.values()]))
    code, report, said = imported(root, path)
    assert code == 2 and report["read"] == len(broken) + 1 and report["rejects_file"] in said
    taken = {fault for fault in broken if FAULTS[fault].taken is not (format_ in FAULTS[fault].otherwise)}
    assert reviewed(record) == {"good", *taken}

    refused = [json.loads(line) for line in Path(report["rejects_file"]).read_text().splitlines()]
    faults = [fault for fault in broken if fault not in taken]
    assert len(refused) == report["rejected"] == len(faults)
    for fault, line in zip(faults, refused, strict=True):
        why = line["_rejected"]
        assert why["file"] == str(path) and why["row"] and why["reason"] and "\n" not in why["reason"], fault
    again = {**report, "new": 0, "duplicate": report["new"], "shown": {}, "undated": 0}
    assert imported(root, path)[1] == again, "a second time, nothing changes"

    mended = [sound_row(format_, fault, root) for fault in faults]
    lines = [{**row, "_rejected": line["_rejected"]} for row, line in zip(mended, refused, strict=True)]
    (root / "mended.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, report, _ = imported(root, root / "mended.jsonl")
    assert (code, report["new"]) == (0, len(faults))
    assert reviewed(record) == {"good", *broken}


def sound_row(format_: str, name: str, folder: Path) -> Any:
    """A review without a fault, as a rejects file would have it."""
    (folder / "ann").write_bytes(WRITTEN[format_]([Said(name)]))
    (sound,) = review_detect.reviews(folder / "ann").rows
    assert isinstance(sound, Review)
    return sound.row.raw


@pytest.mark.parametrize("format_", WRITTEN)
def test_a_file_that_is_cut_off_loses_no_review_in_silence(format_: str, root: Path, record: Record) -> None:
    whole, path = WRITTEN[format_]([Said("good"), Said("nobody")]), root / "ann"
    path.write_bytes(whole[: whole.rindex(b",")])
    code, report, said = imported(root, path)
    assert code == 2
    assert (report["new"], report["rejected"]) == (1, 1) if report else str(path) in said
    path.write_bytes(whole)
    assert imported(root, path)[0] == 0 and reviewed(record) == {"good", "nobody"}


@pytest.mark.parametrize("format_", WRITTEN)
def test_of_one_talk_twice_nothing_is_lost(format_: str, root: Path, record: Record) -> None:
    later, path = Said("good", ((0, "Welcome"), (40, "Later"), (90, "Tools"))), root / "ann"
    path.write_bytes(WRITTEN[format_]([Said("good"), Said("good"), later]))
    code, report, _ = imported(root, path)
    once = format_ in ("description", "sheet")  # a second description is refused; rows of one review are joined
    assert code == (2 if once else 0)
    assert once or (report["new"], report["duplicate"]) == (2, 1)


def test_every_format_is_broken_here() -> None:
    assert set(WRITTEN) == set(FORMATS) - {"chapters"}, "of lists of chapters each is a file: test_chapter_lists"
