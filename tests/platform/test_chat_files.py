"""Chats as they are logged: who wrote what when, as what, and what was taken out while it was logged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errata.domain.chat_messages import ChatMessage
from errata.errors import BadInput
from errata.formats.chat_files import read_chat
from errata.formats.chat_log import ChatLog
from tests.made_up_chat import youtube_action, youtube_message


def log_of(path: Path, text: str) -> ChatLog:
    path.write_text(text)
    return read_chat(path).log


def test_the_real_stream_has_its_814_messages_and_no_odd_line_is_lost(shared: Path) -> None:
    file = read_chat(shared / "data/chat/569086201.irc")
    assert (file.label, len(file.log.messages)) == ("a chat log", 814)
    assert file.log.messages[-1] == ChatMessage(10102.0, "aodhneine", "\\ AYAYA")
    assert not any(message.badges or message.action for message in file.log.messages)
    odd = read_chat(shared / "data/chat/sample.txt").log.messages
    assert odd[0] == ChatMessage(0.0, "Tsoding", "is offline", action=True)
    assert [message.at for message in odd[2:9]] == [1.5, 2.0, 2.5, 3.0, 3.5, 3.6, 3.7]


def test_badges_actions_and_what_came_before_the_stream_are_read(tmp_path: Path) -> None:
    lines = [
        "[-0:00:42] <~mira> soon",
        "[0:00:01] <@%fen> hello",
        "[0:00:02] *fen waves]",
        "[0:00:03] <fen> /me waves again",
        "[0:00:04] <fen>",
        "[0:00:05] <fen> /means nothing",
    ]
    assert log_of(tmp_path / "pond.irc", "\r\n".join(lines)).messages == (
        ChatMessage(-42.0, "mira", "soon", ("broadcaster",)),
        ChatMessage(1.0, "fen", "hello", ("moderator", "subscriber")),
        ChatMessage(2.0, "fen", "waves", action=True),
        ChatMessage(3.0, "fen", "waves again", action=True),
        ChatMessage(5.0, "fen", "/means nothing"),
    )


def test_what_moderators_take_out_of_a_youtube_chat_stands_in_its_log(tmp_path: Path) -> None:
    rows = [
        youtube_message("a", 1, "a newt!", badge="MODERATOR"),
        youtube_message("b", 2, "buy this", author="UC2"),
        youtube_message("c", 3, "and this", author="UC2"),
        youtube_message("d", 4, "hush", author="UC3"),
        youtube_action(
            5, markChatItemAsDeletedAction={"targetItemId": "d", "deletedStateMessage": {"runs": [{"text": "[gone]"}]}}
        ),
        youtube_action(6, markChatItemsByAuthorAsDeletedAction={"externalChannelId": "UC2"}),
        youtube_action(7, removeChatItemAction={"targetItemId": "of another log"}),
        youtube_message("e", 8, "back again", author="UC2"),
    ]
    log = log_of(tmp_path / "pond.live_chat.json", "\n".join(map(json.dumps, rows)))
    assert [message.text for message in log.messages] == ["a newt!", "buy this", "and this", "hush", "back again"]
    assert log.messages[0].badges == ("moderator",)
    keys = {message.text: message.key for message in log.messages}
    assert [(deletion.key, deletion.why) for deletion in log.deletions] == [
        (keys["hush"], "[gone]"),
        (keys["buy this"], ""),
        (keys["and this"], ""),
    ]
    assert log.written_at[0] == 1_700_000_001.0


def test_chat_downloader_says_the_same_in_its_own_words(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"message_id": "a", "time_in_seconds": 1, "message": "hi", "author": {"id": "u", "name": "fen"}},
        {
            "message_id": "b",
            "time_in_seconds": 2,
            "message": "buy",
            "author": {"id": "v", "name": "ad", "badges": [{"title": "Moderator"}]},
        },
        {"action_type": "mark_chat_item_as_deleted", "target_message_id": "a"},
        {"action_type": "remove_chat_item_by_author", "author": {"id": "v"}},
    ]
    log = log_of(tmp_path / "pond.json", json.dumps(rows))
    assert [(message.text, message.badges) for message in log.messages] == [("hi", ()), ("buy", ("Moderator",))]
    assert [deletion.key for deletion in log.deletions] == [message.key for message in log.messages]


def test_twitchdownloader_has_badges_ids_and_the_stream(tmp_path: Path) -> None:
    comment = {
        "_id": "x",
        "created_at": "2026-03-01T20:00:16.5Z",
        "content_offset_seconds": 16,
        "commenter": {"display_name": "Fen"},
        "message": {"body": "a newt!", "is_action": True, "user_badges": [{"_id": "vip", "version": "1"}]},
    }
    video = {"id": 5, "title": "Pond life", "length": 600}
    log = log_of(tmp_path / "c.json", json.dumps({"streamer": {"name": "mira"}, "video": video, "comments": [comment]}))
    assert log.messages == (ChatMessage(16.0, "Fen", "a newt!", ("vip",), True, "x"),)
    assert (log.stream.id, log.stream.title, log.stream.channel, log.stream.duration) == ("5", "Pond life", "mira", 600)
    assert len(log.written_at) == 1


def test_twitch_dl_has_badges_ids_and_the_recording(tmp_path: Path) -> None:
    comment = {
        "id": "x",
        "createdAt": "2026-03-01T20:00:16.5Z",
        "contentOffsetSeconds": 16,
        "commenter": {"id": "9", "login": "fen", "displayName": "Fen"},
        "message": {"fragments": [{"text": "a newt!"}], "userBadges": [{"id": "b", "setID": "vip", "version": "1"}]},
    }
    video = {"id": "5", "title": "Pond life", "lengthSeconds": 600, "owner": {"login": "mira", "displayName": "Mira"}}
    saved = {"video": video, "video_comments": {"video": None, "badges": []}, "comments": [comment]}
    log = log_of(tmp_path / "c.json", json.dumps(saved))
    assert log.messages == (ChatMessage(16.0, "Fen", "a newt!", ("vip",), False, "x"),)
    assert (log.stream.id, log.stream.title, log.stream.channel, log.stream.duration) == ("5", "Pond life", "mira", 600)
    assert len(log.written_at) == 1


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n", "is WebVTT, and no chat"),
        ("a.irc", "[0:00:01] <fen> a\0b\n", "message 1's text has a NUL"),
        ("a.irc", "[0:00:01] <fen> hi\n[0:00:0", "line 2 must be like"),
        ("a.irc", "[0:00:01] <fen>\n", "no message with words"),
        (
            "a.json",
            '[{"time_in_seconds": 1, "message": "hi", "author": {"badges": [{"title": "\\ud800"}]}}]',
            "message 1's badge has half a character",
        ),
        ("a.json", '{"streamer": {}, "comments": [{"content_offset_seconds": "x"}]}', "comment 0's content_offset"),
        (
            "a.json",
            '{"video": {}, "video_comments": {}, "comments": [{"contentOffsetSeconds": "x"}]}',
            "comment 0's contentOffset",
        ),
    ],
)
def test_what_is_no_chat_or_broken_is_named_with_its_file(name: str, text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=reason) as refused:
        log_of(tmp_path / name, text)
    assert str(tmp_path / name) in str(refused.value)
