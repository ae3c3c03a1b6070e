"""Label Studio's JSON_MIN and CSV, which have lost the ids; and what holds for these as for JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import label_studio, label_studio_min
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects
from tests.platform.label_studio import (
    CHAPTERS,
    EXPORTS,
    SEGMENTS,
    SPANS,
    annotation,
    anything,
    as_csv,
    counted,
    flat,
    places,
    swapped,
    task,
    write,
)


def min_one(path: Path, row: dict[str, Any]) -> Review:
    """The review that both exports of a row give."""
    (review,) = label_studio_min.read(write(path / "min.json", row))
    (again,) = label_studio_min.read(as_csv(path / "min.csv", row))
    assert isinstance(review, Review) and review == again, (review, again)
    return review


def min_reason(path: Path, row: Any) -> str:
    (refused,) = label_studio_min.read(write(path / "min.json", row))
    assert isinstance(refused, Rejected), refused
    return refused.reason


def test_json_min_and_csv_give_the_same_review(tmp_path: Path) -> None:
    review = min_one(tmp_path, flat())
    assert (review.video_id, review.kind, review.chapters, review.draft) == ("v", "edit", CHAPTERS, None)
    assert (review.reviewer, review.reviewed_on) == ("ann@example.com", "2026-01-02T10:00:00+00:00")
    assert min_one(tmp_path, flat(errata_prediction="k", verdict="accept")).prediction_key == "k"


def test_titles_may_stand_under_title_as_a_list(tmp_path: Path) -> None:
    assert min_one(tmp_path, flat(chapter_title=..., title=["Welcome", "[sic]"])).chapters == (
        Chapter(0.0, "Welcome"),
        Chapter(60.5, "[sic]"),
    )


def test_a_single_title_is_written_bare_and_must_not_be_the_videos(tmp_path: Path) -> None:
    assert min_one(tmp_path, flat(chapter=SPANS[:1], chapter_title="[sic]")).chapters == (Chapter(0.0, "[sic]"),)
    assert "may be the chapter's or the video's" in min_reason(tmp_path, flat(chapter=SPANS[:1], chapter_title=...))


def test_paragraphs_and_frames_are_placed_by_the_tasks_data_beside_them(tmp_path: Path) -> None:
    spans = [{"start": "0", "end": "0", "paragraphlabels": ["Chapter"]}, {"start": "2", "end": "2", "startOffset": 0}]
    review = min_one(tmp_path, flat(chapter=spans, segments=SEGMENTS))
    assert review.chapters == (Chapter(0.0, "Welcome"), Chapter(11.91, "Soil"))
    spans = [{"ranges": [{"start": at, "end": at}], "timelinelabels": ["Chapter"]} for at in (1, 51)]
    assert min_one(tmp_path, flat(chapter=spans, fps=25)).chapters == (Chapter(0.0, "Welcome"), Chapter(2.0, "Soil"))


def test_newest_first_as_the_tool_writes_them_comes_out_in_order(tmp_path: Path) -> None:
    rows = [flat(updated_at=f"2026-01-0{day}T00:00:00Z", annotation_id=day) for day in (3, 1, 2)]
    found = [row.row.row for row in label_studio_min.read(write(tmp_path / "m.json", *rows))]
    assert found == ["item 2, annotation 1", "item 3, annotation 2", "item 1, annotation 3"]
    found = [row.row.row for row in label_studio_min.read(as_csv(tmp_path / "m.csv", *rows))]
    assert found == [3, 4, 2]


@pytest.mark.parametrize(
    ("changed", "kind", "chapters"),
    [
        ({"verdict": "reject"}, "reject", None),
        ({"verdict": "accept"}, "accept", CHAPTERS),
        ({"verdict": "reject", "chapter": ..., "chapter_title": ...}, "reject", None),
        ({"verdict": "accept", "chapter": ..., "chapter_title": ...}, "accept", None),
        ({"verdict": "edit", "chapter": ..., "chapter_title": ...}, "edit", ()),
        ({"errata_prediction": "k", "chapter": ..., "chapter_title": ...}, "edit", ()),
        ({"chapters": [], "chapter": ..., "chapter_title": ...}, "edit", ()),
    ],
)
def test_what_a_row_of_json_min_says(changed: dict[str, Any], kind: str, chapters: Any, tmp_path: Path) -> None:
    review = min_one(tmp_path, flat(**changed))
    assert (review.kind, review.chapters) == (kind, chapters)


MIN_BROKEN = [
    (5, "the row must be a JSON object, not 5"),
    (flat(chapter=SPANS[:1]), "1 chapter regions and 2 titles, and nothing says which is which"),
    (flat(chapter_title=["Soil"]), "2 chapter regions and 1 titles"),
    (flat(chapter_title=...), "title may be the chapter's or the video's"),
    (flat(chapter_title=["a", {"start": 1, "text": ["b", "c"]}]), "region 1 has 2 titles; keep one"),
    (flat(chapter_title=["a", ""]), "the title of region 1 is empty"),
    (flat(titles=["a", "b"], chapter_title=..., title=["a", "b"]), "may stand in title, titles"),
    (flat(chapter_titles=["a", "b"]), "may stand in chapter_title, chapter_titles"),
    (flat(chapter_b=SPANS), "chapters are marked by chapter, chapter_b"),
    (flat(chapter=...), "does not say whether that means none"),
    (flat(chapter=..., sentiment="Positive"), "does not say whether that means none"),
    (flat(chapter="0:00 Welcome"), "the text under 'chapter' may be the task's own or the answer"),
    (flat(chapter=[SPANS[0], 5]), "region 1 must be a JSON object, not 5"),
    (flat(chapter=[SPANS[0], {"start": -1, "end": 2}]), "the start of region 1 is -1"),
    (flat(chapter=[SPANS[0], {"start": "NaN", "end": 2}]), "the start of region 1 must be a number, not 'NaN'"),
    (flat(chapter=[SPANS[0], SPANS[0]]), "two chapters at 0"),
    (flat(annotator=None), "annotator must be text"),
    (flat(video_id=...), "is the video's id"),
    (flat(verdict=["accept", "edit"]), "kind must be one of"),
    (flat(updated_at="soon"), "reviewed_on must be an ISO date"),
    (flat(chapter_title=["a", "\ud800"]), "half a character"),
    (flat(chapter_title=["a", "b\0"]), "NUL character"),
]


@pytest.mark.parametrize(("broken", "why"), MIN_BROKEN)
def test_a_broken_row_of_json_min_is_refused_and_its_neighbour_is_read(broken: Any, why: str, tmp_path: Path) -> None:
    rows = sorted(
        label_studio_min.read(write(tmp_path / "m.json", broken, flat())), key=lambda r: isinstance(r, Review)
    )
    bad, good = rows
    assert isinstance(good, Review) and isinstance(bad, Rejected)
    assert why in bad.reason


def test_what_json_min_refuses_can_be_mended_and_imported_again(tmp_path: Path) -> None:
    for path in (write(tmp_path / "m.json", flat(chapter=...)), as_csv(tmp_path / "m.csv", flat(chapter=...))):
        write_rejects(tmp_path / "r.jsonl", list(label_studio_min.read(path)))
        assert all(isinstance(row, Rejected) for row in label_studio_min.read(tmp_path / "r.jsonl"))
        line = json.loads((tmp_path / "r.jsonl").read_text())
        (review,) = label_studio_min.read(write(tmp_path / "r.json", {**line, "chapters": []}))
        assert isinstance(review, Review) and review.chapters == ()


def test_a_torn_csv_row_is_refused_with_its_text_and_a_megabyte_in_a_cell_is_read(tmp_path: Path) -> None:
    path = as_csv(
        tmp_path / "m.csv", flat(segments=[{"text": "x" * 1_000_000}]), flat(annotation_id=10), delimiter="\t"
    )
    text = path.read_text()
    path.write_text(text[: text.rindex("\t")], newline="")
    torn, good = sorted(label_studio_min.read(path), key=lambda row: isinstance(row, Review))
    assert isinstance(good, Review) and good.chapters == CHAPTERS
    assert isinstance(torn, Rejected) and "cells and the header" in torn.reason and torn.raw
    path.write_text(text + '"\n', newline="")
    assert sum(isinstance(row, Review) for row in label_studio_min.read(path)) == 2
    (lost,) = [row for row in label_studio_min.read(path) if isinstance(row, Rejected)]
    assert "not CSV" in lost.reason and lost.raw == '"\n'


MIN_WHOLE = flat(segments=SEGMENTS, fps=25, verdict="edit")


@given(place=st.sampled_from(places(MIN_WHOLE)), value=anything)
def test_whatever_stands_in_a_row_of_json_min_it_is_imported_or_refused(
    place: tuple[Any, ...], value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("fuzz") / "m.json", swapped(MIN_WHOLE, list(place), value), flat())
    rows = list(label_studio_min.read(path))
    assert len(rows) == 2 and all(isinstance(row, Review | Rejected) for row in rows)
    assert any(isinstance(row, Review) and row.chapters == CHAPTERS for row in rows)


# as for JSON -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [label_studio.read, label_studio_min.read])
def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(read: Any, tmp_path: Path) -> None:
    dates = ["2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"]
    if read is label_studio.read:
        rows: list[Any] = [task(annotation(updated_at=day)) for day in dates]
        rows += [task(annotation(5, updated_at=dates[1])), task(annotation(5, updated_at="soon"))]
    else:
        rows = [flat(updated_at=day) for day in dates] + [flat(annotator=[], updated_at=day) for day in (dates[1], "x")]
    found = list(read(write(tmp_path / "e.json", *rows), "2026-01-02"))
    assert [type(row) for row in found] == [Review, LeftOut, LeftOut, Rejected]
    with pytest.raises(BadInput, match="is not a date"):
        read(write(tmp_path / "e.json", *rows), "soon")


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"\xff\xfe[\x00", b'[{"id": 1, "data"', b"[" * 100_000, b"not a list", b"[]", b"\0\0\0\0"],
)
@pytest.mark.parametrize("read", [label_studio.read, label_studio_min.read])
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(read: Any, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"export\.json"):
        list(read(path))
    with pytest.raises(BadInput, match=r"gone\.json can't be read"):
        read(tmp_path / "gone.json")


@pytest.mark.parametrize("read", [label_studio.read, label_studio_min.read])
def test_an_export_cut_off_anywhere_is_an_error_and_never_a_shorter_one(read: Any, tmp_path: Path) -> None:
    whole = json.dumps([task(), task()] if read is label_studio.read else [flat(), flat()], indent=1)
    for length in range(0, len(whole) - 1, 97):
        (tmp_path / "e.json").write_text(whole[:length])
        with pytest.raises(BadInput):
            list(read(tmp_path / "e.json"))


# real exports ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["real_export_min.json", "real_export.csv"])
def test_the_same_annotations_without_ids(name: str, shared: Path) -> None:
    reviews, refused = counted(label_studio_min.read(shared / EXPORTS / name))
    full, _ = counted(label_studio.read(shared / EXPORTS / "real_export.json"))
    assert [(r.video_id, r.kind, r.chapters, r.reviewer, r.reviewed_on) for r in reviews] == [
        (r.video_id, r.kind, r.chapters, r.reviewer, r.reviewed_on) for r in full
    ]
    assert {review.draft for review in reviews} == {None} and len(refused) == 1


def test_twelve_real_reviews_in_both_exports(shared: Path) -> None:
    reviews, refused = counted(label_studio.read(shared / EXPORTS / "chapters_export_JSON.json"))
    assert len(reviews) == 10 and all("two chapters at 1582" in row.reason for row in refused)
    assert {(review.kind, review.draft_by) for review in reviews} == {("edit", "tstbtc-v1.0.0")}
    assert sum(review.chapters == () for review in reviews) == 2
    minimal, lost = counted(label_studio_min.read(shared / EXPORTS / "chapters_export_JSON_MIN.json"))
    assert [r.chapters for r in minimal] == [r.chapters for r in reviews if r.chapters]
    assert sum("does not say whether that means none" in row.reason for row in lost) == 2 and len(lost) == 4
