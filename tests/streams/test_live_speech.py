"""What `errata live` hears, and what it reads; real recognition is `test_recognition`'s."""

from __future__ import annotations

import pytest

from errata.operations.live_speech import is_media
from tests.command_line import in_this_process


@pytest.mark.parametrize(
    ("source", "is_one"),
    [("talk.mp4", True), ("talk.MP3", True), ("https://a.example/x", True), ("talk.vtt", False), ("talk.json", False)],
)
def test_recordings_and_addresses_are_heard_and_texts_are_read(source: str, is_one: bool) -> None:
    assert is_media(source) == is_one


def test_a_recording_that_is_not_there_is_one_sentence() -> None:
    done = in_this_process("live", "nowhere.mp4", check=False)
    assert done.returncode == 2 and "nowhere.mp4 is not there" in " ".join(done.stderr.split())
