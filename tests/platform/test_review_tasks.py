"""A prediction goes out to a reviewer's tool, and the review finds its way back to it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from defusedxml import ElementTree
from typer.testing import CliRunner

from errata.cli.app import app
from errata.domain.prediction import Prediction
from errata.errors import BadInput
from errata.operations.drafting import draft_draw
from errata.operations.review_tasks import waiting_tasks, write_tasks
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_params import write_params
from tests.made_up_record import chapters, correction, talk

MODEL = "d" * 64


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three talks answered by Day-0, the second of them reviewed; nobody reviews blind."""
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    write_params(root, review={"blind_share": 0.0})
    made = Workspace.find(root)
    made.record.migrate()
    with made.record.write() as store:
        for name in ("one", "two", "three"):
            seq = store.transcripts.add(talk(name, said=name)).seq
            store.predictions.add(Prediction(seq, MODEL, "inline@1", chapters(0, 50)))
        store.corrections.add(correction(store.transcripts.find("two"), chapters(0), "ann"))
        store.aliases.assign_alias("day0", MODEL, "install", "test", None, None)
    return made


def written(workspace: Workspace, out: Path, tool: str) -> None:
    ran = CliRunner().invoke(
        app, ["tasks", str(out), "--for", tool, "--model", "day0", "-w", str(workspace.root), "--json"]
    )
    assert ran.exit_code == 0, ran.output
    setup = str(out.with_suffix(".xml")) if tool == "label-studio" else None
    said = {"model": MODEL, "tool": tool, "tasks": 2, "blind": 0, "by_challenger": 0, "file": str(out)}
    assert json.loads(ran.stdout) == {**said, "labelling_setup": setup}


def imported(workspace: Workspace, file: Path) -> None:
    ran = CliRunner().invoke(app, ["import", "corrections", str(file), "-w", str(workspace.root), "--json"])
    assert ran.exit_code == 0, ran.output


def test_a_sheet_comes_back_as_an_accept_and_an_edit_of_the_very_predictions(
    workspace: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "tasks.csv"
    written(workspace, out, "sheet")
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["video_id"] for row in rows} == {"one", "three"}
    for row in rows:
        row["reviewer"] = "bea"
    rows[-1]["title"] = "Another title"
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    imported(workspace, out)
    with workspace.record.read() as store:
        labels = {label.external_id: label for label in store.labels.between(0, store.watermark())}
        assert (labels["one"].kind, labels["three"].kind) == ("accept", "edit")
        assert labels["three"].chapters[-1].title == "Another title"
        for name in ("one", "three"):
            seen = labels[name].prediction
            assert seen is not None and store.predictions.read(seen).model == MODEL
        assert store.predictions.awaiting_review(MODEL) == []


def test_lines_come_back_as_an_accept_and_a_reject_once_they_are_signed(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "predictions.jsonl"
    written(workspace, out, "jsonl")
    unsigned = CliRunner().invoke(app, ["import", "corrections", str(out), "-w", str(workspace.root), "--json"])
    counts = json.loads(unsigned.stdout)
    assert (unsigned.exit_code, counts["read"], counts["left_out"]) == (0, 0, {"not reviewed": 2})
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    assert (first["video_id"], second["video_id"]) == ("one", "three")
    signed = [{**first, "reviewer": "bea"}, {**second, "reviewer": "bea", "kind": "reject", "reviewed": None}]
    out.write_text("".join(json.dumps(line) + "\n" for line in signed))
    imported(workspace, out)
    with workspace.record.read() as store:
        told = [store.corrections.read(seq) for seq in range(store.watermark() - 1, store.watermark() + 1)]
        assert [(event.kind, event.chapters) for event in told] == [("accept", chapters(0, 50)), ("reject", ())]
        seen = [store.predictions.read(event.prediction) for event in told if event.prediction is not None]
        assert [(answer.model, answer.transcript) for answer in seen] == [(MODEL, event.transcript) for event in told]
        assert store.predictions.awaiting_review(MODEL) == []


def test_what_the_model_is_least_sure_of_comes_first(workspace: Workspace, tmp_path: Path) -> None:
    write_params(workspace.root, review={"blind_share": 0.0, "audit_share": 0.0})
    with workspace.record.write() as store:
        for name, sure in (("sure", 0.9), ("unsure", 0.2), ("doubtful", 0.4)):
            seq = store.transcripts.add(talk(name, said=name)).seq
            store.predictions.add(Prediction(seq, MODEL, "inline@1", chapters(0, 50), confidences=(None, sure)))
    write_tasks(workspace, tmp_path / "tasks.jsonl", "jsonl", "day0")
    order = [json.loads(line)["video_id"] for line in (tmp_path / "tasks.jsonl").read_text().splitlines()]
    assert order == ["unsure", "doubtful", "sure", "one", "three"], "those of which nothing is known keep their order"
    waiting = waiting_tasks(workspace, draft_draw(workspace, "day0"), "")
    assert [task.transcript.external_id for _, task in waiting] == order
    without = waiting_tasks(workspace, draft_draw(workspace, "day0"), "", without={waiting[0][0]})
    assert without == waiting[1:]


def half_blind(workspace: Workspace) -> None:
    """Of its two tasks one is without a draft."""
    for number in range(100):
        with workspace.record.write() as store:
            seq = store.transcripts.add(talk(f"more {number}")).seq
            store.predictions.add(Prediction(seq, MODEL, "inline@1", chapters(0, 50)))
    write_params(workspace.root, review={"blind_share": 0.25})


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_sheet_of_which_one_talk_is_reviewed_counts_the_others(
    kind: str, workspace: Workspace, tmp_path: Path
) -> None:
    half_blind(workspace)
    out = tmp_path / f"tasks.{kind}"
    written = write_tasks(workspace, out, "sheet", "day0")
    assert 0 < written.blind < written.tasks
    sign(out, "one", "bea")
    ran = CliRunner().invoke(app, ["import", "corrections", str(out), "-w", str(workspace.root), "--json"])
    counts = json.loads(ran.stdout)
    assert (ran.exit_code, counts["new"], counts["rejected"]) == (0, 1, 0)
    assert counts["left_out"] == {"not reviewed": written.tasks - 1}


def sign(sheet: Path, video_id: str, reviewer: str) -> None:
    """Fills in who reviewed one talk of a sheet, and leaves the rest as it was saved."""
    if sheet.suffix == ".csv":
        rows = list(csv.reader(sheet.read_text("utf-8-sig").splitlines()))
        signed = [[reviewer if row[0] == video_id and at == 1 else cell for at, cell in enumerate(row)] for row in rows]
        with sheet.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(signed)
        return
    book = pytest.importorskip("openpyxl").load_workbook(sheet)
    for cells in book["chapters"].iter_rows():
        if cells[0].value == video_id:
            cells[1].value = reviewer
    book.save(sheet)


@pytest.mark.parametrize(
    "change",
    [
        {"reviewed": [{"start": 0, "title": "Another"}]},
        {"kind": "accept"},
        {"kind": "reject", "reviewed": None},
        {"reviewed_on": "2026-03-01"},
        {"reviewed": []},
        {"blind": True},
        {"prediction": None},
    ],
)
def test_a_task_that_somebody_has_changed_and_not_signed_is_refused(
    change: dict[str, object], workspace: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "tasks.jsonl"
    written(workspace, out, "jsonl")
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    out.write_text(json.dumps(first | change) + "\n" + json.dumps(second) + "\n")
    ran = CliRunner().invoke(app, ["import", "corrections", str(out), "-w", str(workspace.root), "--json"])
    counts = json.loads(ran.stdout)
    assert (ran.exit_code, counts["rejected"], counts["left_out"]) == (2, 1, {"not reviewed": 1})
    assert counts["reasons"][0]["reason"] == "it names no reviewer; fill in `reviewer`"


def test_where_nothing_waits_no_file_is_written(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        for name in ("one", "three"):
            store.corrections.add(correction(store.transcripts.find(name), chapters(0), "ann"))
    out = tmp_path / "tasks.json"
    command = ["tasks", str(out), "--model", "day0", "-w", str(workspace.root)]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0 and "Nothing waits for a reviewer" in ran.output and "Bring" not in ran.output
    counts = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert (counts["tasks"], counts["file"], counts["labelling_setup"]) == (0, None, None)
    assert not list(tmp_path.glob("tasks*"))


def test_a_task_alone_is_no_tasks(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.corrections.add(correction(store.transcripts.find("one"), chapters(0), "ann"))
    command = ["tasks", str(tmp_path / "tasks.json"), "--model", "day0", "-w", str(workspace.root)]
    assert CliRunner().invoke(app, command).stdout.startswith("1 task for label-studio is in")


def test_tasks_are_not_written_where_their_labelling_setup_goes(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"tasks\.xml is where the labelling setup goes"):
        write_tasks(workspace, tmp_path / "tasks.xml", "label-studio", "day0")
    assert write_tasks(workspace, tmp_path / "tasks.xml", "argilla", "day0").tasks == 2


@pytest.mark.parametrize("tool", ["label-studio", "argilla", "sheet", "jsonl"])
def test_a_file_that_reviewers_may_be_at_work_in_is_not_written_over(
    workspace: Workspace, tmp_path: Path, tool: str
) -> None:
    out = tmp_path / "tasks.csv"
    out.write_text("half reviewed")
    with pytest.raises(BadInput, match=r"tasks\.csv is there already"):
        write_tasks(workspace, out, tool, "day0")
    assert (out.read_text(), list(tmp_path.glob("*.xml"))) == ("half reviewed", [])


@pytest.mark.parametrize("tool", ["label-studio", "argilla"])
def test_tasks_carry_the_key_of_their_prediction(workspace: Workspace, tmp_path: Path, tool: str) -> None:
    out = tmp_path / "tasks.json"
    written(workspace, out, tool)
    with workspace.record.read() as store:
        keys = [key for key, _ in store.predictions.awaiting_review(MODEL)]
    assert len(keys) == 2 and all(key in out.read_text() for key in keys)
    assert out.with_suffix(".xml").exists() == (tool == "label-studio")


def test_a_key_of_another_record_is_refused_by_name(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "reviews.jsonl"
    row = {"video_id": "one", "reviewer": "bea", "prediction": "f" * 64, "reviewed": [{"start": 0, "title": "A"}]}
    file.write_text(json.dumps(row) + "\n")
    ran = CliRunner().invoke(app, ["import", "corrections", str(file), "-w", str(workspace.root)])
    assert ran.exit_code == 2
    (rejected,) = (workspace.root / "rejects").iterdir()
    assert "does not hold for 'one'" in rejected.read_text()


def test_an_accept_by_key_has_the_chapters_of_its_prediction(workspace: Workspace, tmp_path: Path) -> None:
    """But for spaces; with others it would be a training target that nobody ever predicted or wrote."""
    with workspace.record.read() as store:
        keys = {answer.transcript: key for key, answer in store.predictions.awaiting_review(MODEL)}
        one, three = (store.transcripts.find(name) for name in ("one", "three"))
    given = [{"start": each.start, "title": each.title} for each in chapters(0, 50)]
    row = {"video_id": "one", "reviewer": "bea", "prediction": keys[one], "kind": "accept"}
    untidy = [each | {"title": f" {each['title']} "} for each in given]
    rows = [row | {"reviewed": given[:1]}, row | {"video_id": "three", "prediction": keys[three], "reviewed": untidy}]
    rows.append({**row, "reviewer": "ann", "kind": "edit", "reviewed": untidy})
    file = tmp_path / "reviews.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    ran = CliRunner().invoke(app, ["import", "corrections", str(file), "-w", str(workspace.root)])
    assert ran.exit_code == 2 and "1 row was rejected" in ran.output
    (rejected,) = (workspace.root / "rejects").iterdir()
    assert "has other chapters; make it an edit" in rejected.read_text()
    with workspace.record.read() as store:
        kinds = {label.transcript: label.kind for label in store.labels.between(0, store.watermark())}
    assert (kinds[one], kinds[three]) == ("accept", "accept")


MEDIA = "https://media.example.org/{id}.mp4"


@pytest.mark.parametrize(
    ("media_url", "player"),
    [
        ("", {"showPlayer": "false"}),
        ("/data/local-files/?d=talks/{id}.mp3", {"showPlayer": "true", "audioUrl": "$media"}),
        (MEDIA, {"sync": "player", "audioUrl": "$media"}),
    ],
)
def test_label_studio_has_a_player_where_it_is_told_of_recordings(
    media_url: str, player: dict[str, str], workspace: Workspace, tmp_path: Path
) -> None:
    write_tasks(workspace, tmp_path / "tasks.json", "label-studio", "day0", media_url)
    first, _ = json.loads((tmp_path / "tasks.json").read_text())
    assert first["data"].get("media", "") == media_url.replace("{id}", "one")
    setup = ElementTree.parse(tmp_path / "tasks.xml")
    paragraphs = setup.find("Paragraphs")
    assert paragraphs is not None and player.items() <= paragraphs.attrib.items()
    assert "contextScroll" not in paragraphs.attrib, "Label Studio would then put a paragraph at 0 last"
    video = setup.find("Video")
    assert (video is not None) == ("sync" in player)
    if video is not None:
        assert (video.get("name"), video.get("value"), video.get("sync")) == ("player", "$media", "transcript")


@pytest.mark.parametrize(
    ("media_url", "links"),
    [
        (MEDIA, ["https://media.example.org/one.mp4#t=0", "https://media.example.org/one.mp4#t=50"]),
        ("https://youtu.be/{id}?t={start}", ["https://youtu.be/one?t=0", "https://youtu.be/one?t=50"]),
        ("", ["", ""]),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_sheet_links_to_each_chapter_in_the_recording(
    media_url: str, links: list[str], kind: str, workspace: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / f"tasks.{kind}"
    write_tasks(workspace, out, "sheet", "day0", media_url)
    if kind == "csv":
        rows = csv.DictReader(out.read_text("utf-8-sig").splitlines())
        assert [row["link"] for row in rows][:2] == links
        return
    page = pytest.importorskip("openpyxl").load_workbook(out)["chapters"]
    (column,) = [cells for cells in page.iter_cols() if cells[0].value == "link"]
    assert [cell.value or "" for cell in column[1:3]] == links
    assert [cell.hyperlink.target if cell.hyperlink else "" for cell in column[1:3]] == links


def test_an_id_in_an_address_is_quoted(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        seq = store.transcripts.add(talk("Träger eins", said="four")).seq
        store.predictions.add(Prediction(seq, MODEL, "inline@1", chapters(0, 50)))
    write_tasks(workspace, tmp_path / "tasks.json", "label-studio", "day0", MEDIA)
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert tasks[-1]["data"]["media"] == "https://media.example.org/Tr%C3%A4ger%20eins.mp4"


@pytest.mark.parametrize(
    ("tool", "media_url", "why"),
    [
        ("argilla", MEDIA, "argilla shows no recording; leave --media-url out"),
        ("jsonl", MEDIA, "jsonl shows no recording"),
        ("sheet", "https://youtu.be/abc", "'https://youtu.be/abc' would be the same for every talk; write {id} where"),
        ("label-studio", "https://youtu.be/{id}?t={start}", "begins at the beginning; leave {start} out"),
    ],
)
def test_an_address_that_serves_nobody_is_refused_and_nothing_is_written(
    tool: str, media_url: str, why: str, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as refused:
        write_tasks(workspace, tmp_path / "tasks.out", tool, "day0", media_url)
    assert why in str(refused.value) and not list(tmp_path.glob("tasks*"))
