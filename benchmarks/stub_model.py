"""Speaks as `errata.service.model_worker` does, without a model: `stub_model.py IDENTITY [--seconds S]
[--stopped FILE]`.

It answers each talk with one chapter that its id names, after S seconds. Where lines begin with `# `, each of these
is a chapter in its place, and one that begins with `## ` calls the chapter before it otherwise. A talk called `crash`
ends the process, one called `hang` keeps it from answering anything, and of one called `unseen` a file is missing the
first time. What it was told to stop is written to a file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("identity")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--stopped", type=Path)
    arguments = parser.parse_args()
    unwanted: set[int] = set()
    asked: list[tuple[int, dict[str, Any]]] = []
    missing = {"unseen"}
    came = threading.Condition()

    def say(message: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    def hear() -> None:
        for line in sys.stdin:
            message = json.loads(line)
            with came:
                if "ask" in message:
                    asked.append((message["ask"], message["transcript"]))
                else:
                    unwanted.add(message["stop"])
                came.notify()
        os._exit(0)

    threading.Thread(target=hear, daemon=True).start()
    say({"ready": {"model": arguments.identity, "template": "stub@1"}})
    while True:
        with came:
            came.wait_for(lambda: asked)
            number, transcript = asked.pop(0)
        if transcript["external_id"] == "crash":
            os._exit(9)
        if transcript["external_id"] == "hang":
            time.sleep(1000)
        end = time.monotonic() + arguments.seconds
        while time.monotonic() < end and number not in unwanted:
            time.sleep(0.01)
        if transcript["external_id"] in missing:
            missing.remove(transcript["external_id"])
            say({"error": number, "status": 404, "sentence": "the features /srv/features/5a can't be read"})
        elif number in unwanted:
            if arguments.stopped:
                with arguments.stopped.open("a") as file:
                    file.write(f"{number}\n")
            say({"stopped": number})
        else:
            say({"answer": number, "chapters": chapters_of(transcript), "problems": []})


def chapters_of(transcript: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for segment in transcript["segments"]:
        mark, _, title = segment["text"].partition(" ")
        if mark == "#":
            found.append({"start": float(int(segment["start"])), "title": title})
        elif mark == "##" and found:
            found[-1]["title"] = title
    return found or [{"start": 0.0, "title": f"All of {transcript['external_id']}"}]


if __name__ == "__main__":
    main()
