"""`errata sweep`: what chunks of real talks take, counted with the model's own tokenizer."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from errata.cli.sweep_page import sweep_page
from errata.errors import NotFound
from errata.loop.sweep import Sweep, SweepCell, SweepGrid, sweep
from errata.project_files import embedded_model
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.made_up_model import familiar_talk

TINY = str(embedded_model())


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(laid_out, tmp_path / "workspace"))


def test_words_and_frames_of_each_length_and_rate_are_held_against_the_budget(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        for number in range(2):
            store.transcripts.add(familiar_talk(f"t{number}", number), "train")  # six lines, ten seconds each
    found = sweep(workspace, SweepGrid((TINY,), (10.0, 60.0), (1.0, 0.5)))
    assert found.talks == 2 and found.hours == pytest.approx(2 / 60)
    short, seldom, long, _ = found.cells
    assert [(cell.seconds, cell.rate, cell.frames, cell.frame_tokens) for cell in found.cells] == [
        (10, 1, 10, 10),
        (10, 0.5, 5, 5),
        (60, 1, 60, 60),
        (60, 0.5, 30, 30),
    ]
    assert 0 < short.words <= short.most_words < long.words <= 6 * short.most_words
    assert short.fits == seldom.fits == 100 and short.budget == long.budget > 1000, "the model's own context"
    tight = sweep(workspace, SweepGrid((TINY,), (60.0,), (1.0,), budget=long.most_words + 60)).cells[0]
    assert tight.fits == 100 and tight.picture is not None
    tighter = sweep(workspace, SweepGrid((TINY,), (60.0,), (1.0,), budget=int(long.words) - 60, places=10)).cells[0]
    assert tighter.fits == 0 and tighter.frame_tokens == 600 and tighter.picture is None
    printed = in_this_process("sweep", "-w", workspace.root, "--model", TINY, "--seconds", "60", "--json").stdout
    assert [cell["rate"] for cell in json.loads(printed)["cells"]] == [0.1, 0.5, 1.0]
    page = workspace.root.parent / "sweep.html"
    assert "pixels" in in_this_process("sweep", "-w", workspace.root, "--model", TINY, "--out", page).stdout
    written = page.read_text()
    assert "Counted on 2 talks" in written and "0.5 a second" in written and "Budget 1," in written
    assert "http" not in written.replace("http-equiv", "") and "<script" not in written, "nothing is fetched for it"


def test_a_record_without_talks_is_told_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="no talks with times to count on; import some"):
        sweep(workspace, SweepGrid((TINY,), (60.0,), (1.0,)))


def cell(model: str, seconds: float, rate: float) -> SweepCell:
    return SweepCell(model, seconds, rate, 10, int(100 * seconds * rate), 50.0, 80, 4096, 100.0, (196, 112))


def test_a_page_has_a_chart_for_each_model_with_a_line_a_rate() -> None:
    rates = [0.1 * number for number in range(1, 9)]
    cells = [cell(model, seconds, rate) for model in ("a<b>", "c") for rate in rates for seconds in (60.0, 300.0)]
    page = sweep_page(Sweep(3, 1.5, tuple(cells)))
    assert page.count('class="chart wide"') == page.count('class="chart narrow"') == 2
    assert "a&lt;b&gt;" in page and "<b>" not in page
    assert page.count("60 s, 0.8 frames a second: 4,850 tokens, 4,880 at most") == 4, "wide and narrow, of each model"
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("name", ["sweep.svg", "sweep", ""])
def test_what_is_no_page_by_its_name_is_refused_before_anything_is_counted(workspace: Workspace, name: str) -> None:
    refused = in_this_process("sweep", "-w", workspace.root, "--out", workspace.root / name, check=False)
    assert refused.returncode == 2 and "is no page by its name" in refused.stderr


def test_a_scored_sweep_of_models_that_chapter_is_refused(workspace: Workspace) -> None:
    refused = in_this_process("sweep", "-w", workspace.root, "--score", check=False)
    assert refused.returncode == 4 and "a scored sweep is for descriptions of chunks" in refused.stderr
