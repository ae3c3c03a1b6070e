"""`errata connect` is killed again and again while it works: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from errata.workspace import Workspace
from tests.made_up_label_studio import KEY, label_studio
from tests.platform.label_studio import paragraphs
from tests.platform.test_label_studio_sync import answer, workspace

__all__ = ["workspace"]

KILLS, NEW_TALKS = 12, 25


@pytest.mark.slow
def test_a_process_that_is_killed_doubles_and_loses_nothing(workspace: Workspace) -> None:
    draw = random.Random(7)
    names = ["one", "two", "three"]
    with label_studio() as studio:
        words = ["connect", "label-studio", "--url", studio.url, "--every", "1", "-w", str(workspace.root)]
        command = [sys.executable, "-c", "from errata.cli import main; main()", *words]
        for kill in range(KILLS):
            more = [f"talk {kill} {number}" for number in range(NEW_TALKS)]
            answer(workspace, *more)
            names += more
            for task in list(studio.tasks.values()):
                if not task["annotations"]:
                    studio.annotate(task["id"], paragraphs("0", "2", "Opening"))
            asked = len(studio.asked)
            settings = {**os.environ, "LABEL_STUDIO_API_KEY": KEY}
            running = subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while len(studio.asked) < asked + 4 and running.poll() is None:
                time.sleep(0.005)
            time.sleep(draw.uniform(0, 0.4))
            assert running.poll() is None, "it goes on by itself after each kill"
            running.kill()
            running.wait()
        done = subprocess.run([*command, "--once"], env=settings, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        sent = [task["data"]["video_id"] for task in studio.tasks.values()]
        assert sorted(sent) == sorted(names), "each talk once"
        reviewed = {task["data"]["video_id"] for task in studio.tasks.values() if task["annotations"]}
    with workspace.record.read() as store:
        events = {
            name: [event.kind for _, event in store.corrections.of_transcript(store.transcripts.find(name))]
            for name in names
        }
    assert {name: kinds for name, kinds in events.items() if kinds} == {name: ["edit"] for name in reviewed}
