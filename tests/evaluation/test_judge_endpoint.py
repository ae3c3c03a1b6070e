"""A judge behind HTTP: what passes is asked again, what doesn't is counted, and no more is spent than was allowed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from errata.documents.judge_params import Judge, JudgeLimits, judges_of
from errata.errors import BadInput
from errata.inference import openai_client
from evaluation.judges import endpoint
from evaluation.judges.budget import Budget
from evaluation.judges.cache import Cache
from evaluation.judges.endpoint import Endpoint
from evaluation.judges.judge_client import ENOUGH, JudgeClient
from evaluation.judges.pairwise import PairForm, both_orders, judge_pairs
from evaluation.judges.request import LONGEST_ANSWER, LONGEST_TEXT, NoAnswer, Request
from tests.made_up_judge import Script, broken, client, item, serving
from tests.made_up_server import dripping_headers


def one() -> Request:
    return both_orders(item(1).pair())[0]


def asked(script: Script, **how: Any) -> tuple[Endpoint, list[float]]:
    waits: list[float] = []
    judge = Judge("ada", "one", "judge-2026-01-01", script.url, key_env=how.pop("key_env", ""))
    budget = how.pop("budget", Budget(JudgeLimits()))
    return Endpoint(judge, budget, how.pop("timeout", 5.0), waits.append), waits


def test_a_question_goes_out_pinned_cold_and_held_to_a_schema() -> None:
    with serving() as script:
        reply = asked(script)[0].answer(one())
    assert isinstance(reply.answer, PairForm) and reply.served == "judge-2026-01-01"
    body = script.asked[0]
    assert body["model"] == "judge-2026-01-01" and body["temperature"] == 0.0
    schema = body["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["why", "better"] and schema["additionalProperties"] is False
    assert schema["properties"]["better"]["enum"] == ["first", "second", "tie"]


def longest_text(body: dict[str, Any]) -> int | None:
    schema = body["response_format"]["json_schema"]["schema"]
    return schema["properties"]["why"].get("maxLength")


def test_a_text_of_an_answer_is_bounded_where_the_server_will_bound_it() -> None:
    """A model that doesn't come to its end would leave the night without an answer."""
    with serving() as script:
        asked(script)[0].answer(one())
        assert longest_text(script.asked[0]) == LONGEST_TEXT
    with serving(faults=[(400, {}, "maxLength is not permitted")]) as script:
        client, waits = asked(script)
        assert client.answer(one()).answer and client.answer(one()).answer
    assert [longest_text(body) for body in script.asked] == [LONGEST_TEXT, None, None] and not waits


def test_a_longer_text_is_no_fault() -> None:
    with serving(lambda form, data: {"why": "so " * 400, "better": "tie"}) as script:
        assert asked(script)[0].answer(one()).answer


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_passes_is_asked_again(status: int) -> None:
    with serving(faults=[(status, {}, "{}"), (status, {}, "busy")]) as script:
        client, waits = asked(script)
        assert client.answer(one()).answer
    assert len(script.asked) == 3 and len(waits) == 2
    assert 1.0 <= waits[0] <= 2.0 <= waits[1] <= 4.0


def test_a_server_that_says_when_is_asked_again_then() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    told = [(429, {"Retry-After": "17"}, ""), (503, {"Retry-After": soon}, ""), (429, {"Retry-After": "9999"}, "")]
    with serving(faults=told) as script:
        client, waits = asked(script)
        client.answer(one())
    assert waits[0] == 17.0 and 20.0 < waits[1] <= 30.0 and waits[2] == openai_client.LONGEST_WAIT


@pytest.mark.parametrize("said", ["soon", "-5", "NaN", "", "1e400"])
def test_nonsense_for_a_time_waits_as_if_nothing_was_said(said: str) -> None:
    with serving(faults=[(429, {"Retry-After": said}, "")]) as script:
        client, waits = asked(script)
        client.answer(one())
    assert len(waits) == 1 and 1.0 <= waits[0] <= openai_client.LONGEST_WAIT


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("not json", "not JSON"),
        ("[]", "form"),
        ('{"choices": []}', "form"),
        ('{"choices": [{"message": {"content": null}}]}', "form"),
        ('{"choices": [{"message": {"content": "{\\"better\\": \\"third\\", \\"why\\": \\"\\"}"}}]}', "form"),
        ('{"choices": [{"message": {"content": "{\\"better\\": \\"tie\\", \\"why\\": \\"\\", \\"x\\": 1}"}}]}', "form"),
    ],
)
def test_an_answer_out_of_form_is_asked_for_again_and_then_missing(body: str, words: str) -> None:
    with serving(always=(200, {}, body)) as script, pytest.raises(NoAnswer, match=words):
        asked(script)[0].answer(one())
    assert len(script.asked) == openai_client.ATTEMPTS


def test_a_server_that_hangs_or_drips_is_given_up(tmp_path: Path) -> None:
    with serving(hangs=True) as script, pytest.raises(NoAnswer, match=r"did not answer within 0\.2 s, 4 times"):
        asked(script, timeout=0.2)[0].answer(one())
    with serving(drips=True) as script, pytest.raises(NoAnswer, match=r"did not answer within 0\.3 s"):
        asked(script, timeout=0.3)[0].answer(one())


def test_a_server_that_drips_its_headers_is_given_up_too() -> None:
    """Each of them comes in good time: it is the whole answer that doesn't."""
    with dripping_headers() as url, pytest.raises(NoAnswer, match=r"did not answer within 0\.2 s, 4 times"):
        began = time.monotonic()
        try:
            Endpoint(Judge("ada", "one", "m-1", url), Budget(JudgeLimits()), 0.2, lambda seconds: None).answer(one())
        finally:
            assert time.monotonic() - began < 10, "which each of the four would take"


def test_an_error_a_stream_and_an_endless_nesting_are_no_answers() -> None:
    """All with HTTP 200."""
    for body in ('{"error": {"message": "overloaded"}}', 'data: {"choices": []}\n\ndata: [DONE]\n', "[" * 200_000):
        with serving(always=(200, {}, body)) as script, pytest.raises(NoAnswer, match="4 times over"):
            asked(script)[0].answer(one())


def test_a_model_name_that_no_file_could_hold_is_kept_without_what_is_wrong(tmp_path: Path) -> None:
    said = {"model": "m\ud800-1\n" + "x" * 500, "choices": [{"message": {"content": '{"why": "", "better": "tie"}'}}]}
    with serving(always=(200, {}, json.dumps(said))) as script:
        worker = client(script, tmp_path)
        assert None not in worker.ask([one()])
    (served,) = worker.served
    assert served.startswith("m-1 x") and len(served) == endpoint.LONGEST_NAME


def test_nobody_there_is_no_answer() -> None:
    with serving() as script:
        pass
    with pytest.raises(NoAnswer, match="could not be reached"):
        asked(script)[0].answer(one())


def test_a_redirect_is_not_followed() -> None:
    with serving() as other:
        moved = (307, {"Location": f"{other.url}/chat/completions"}, "")
        with serving(always=moved) as script, pytest.raises(NoAnswer, match="HTTP 307"):
            asked(script)[0].answer(one())
    assert len(script.asked) == 1 and not other.asked


def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_client, "LARGEST", 100)
    with serving(always=(200, {}, " " * 5_000)) as script, pytest.raises(NoAnswer, match="more than 100 bytes"):
        asked(script)[0].answer(one())


# the key -------------------------------------------------------------------------------------------------------------


def test_the_key_goes_into_one_header_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-very-secret"
    monkeypatch.setenv("ADA_KEY", key)
    with serving(faults=[(200, {}, "nonsense")]) as script:
        client, _ = asked(script, key_env="ADA_KEY")
        judge = Judge("ada", "one", "judge-2026-01-01", script.url, key_env="ADA_KEY")
        worker = JudgeClient(judge, client, Cache(tmp_path), Budget(JudgeLimits()))
        assert worker.ask([one()])[0] is not None
        script.always = (400, {}, json.dumps({"error": {"message": f"bad key {key}"}}))
        with pytest.raises(NoAnswer) as raised:
            client.answer(both_orders(item(2).pair())[0])
    assert set(script.keys) == {f"Bearer {key}"}
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 2, "an answer, and what keeps it out of git"
    everything = [*written, str(raised.value), repr(vars(worker.judge) if hasattr(worker.judge, "__dict__") else judge)]
    assert not [text for text in everything if key in text]


def test_what_goes_to_this_machine_goes_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be handed the key."""
    monkeypatch.setenv("ADA_KEY", "sk-very-secret")
    with serving() as proxy, serving() as script:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert asked(script, key_env="ADA_KEY")[0].answer(one()).answer
    assert script.keys == ["Bearer sk-very-secret"] and not proxy.asked


def test_without_its_key_a_judge_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADA_KEY", raising=False)
    with serving() as script, pytest.raises(NoAnswer, match="set the environment variable ADA_KEY"):
        asked(script, key_env="ADA_KEY")[0].answer(one())
    assert not script.asked


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_judge_that_says_no_is_asked_once(tmp_path: Path, status: int) -> None:
    with serving(always=(status, {}, "{}")) as script:
        worker = client(script, tmp_path)
        worker.ask([one()])
        assert judge_pairs(worker, [item(number).pair() for number in range(2, 12)]) == [None] * 10
    assert len(script.asked) == 1 and worker.missing.total() == 21
    assert list(worker.missing) == [f"ada answered with HTTP {status}; check its url, model and key"]


def test_a_judge_that_is_down_does_not_hold_up_the_night(tmp_path: Path) -> None:
    with serving(always=(500, {}, "")) as script:
        worker = client(script, tmp_path)
        worker._source.at_once = 1
        found = judge_pairs(worker, [item(number).pair() for number in range(20)])
    assert found == [None] * 20 and len(script.asked) == ENOUGH * openai_client.ATTEMPTS


def test_a_bad_patch_is_not_the_end(tmp_path: Path) -> None:
    """Failures that aren't in a row don't add up."""
    with serving() as script:
        worker = client(script, tmp_path)
        for number in range(5):
            script.always = (500, {}, "")
            assert worker.ask([both_orders(item(number).pair())[0]]) == [None]
            script.always = None
            assert worker.ask([both_orders(item(number).pair())[0]]) != [None]


# the budget ----------------------------------------------------------------------------------------------------------


def test_no_call_is_made_beyond_the_budget(tmp_path: Path) -> None:
    with serving(faults=[(500, {}, "")]) as script:
        worker = client(script, tmp_path, calls=7)
        found = judge_pairs(worker, [item(number).pair() for number in range(20)])
    assert len(script.asked) == 7 == worker.calls, "an attempt that failed is a call too"
    assert sum(verdict is None for verdict in found) >= 17
    assert "budget of 7 calls is spent" in next(iter(worker.missing))


def test_tokens_are_set_aside_before_and_put_right_after(tmp_path: Path) -> None:
    with serving() as script:
        worker = client(script, tmp_path)
        worker.ask([one()])
        assert worker.tokens == 100, "as the server counted"
        poor = client(script, tmp_path / "poor", tokens=LONGEST_ANSWER)
        assert poor.ask([one()]) == [None] and "tokens is spent" in next(iter(poor.missing))
        thrifty = client(script, tmp_path / "thrifty", tokens=LONGEST_ANSWER + 2_000)
        thrifty._source.at_once = 1
        assert None not in thrifty.ask([both_orders(item(number).pair())[0] for number in range(5)])


def test_a_call_that_was_not_counted_keeps_what_was_set_aside(tmp_path: Path) -> None:
    with serving(mind=broken) as script:
        worker = client(script, tmp_path)
        script.always = (200, {}, json.dumps({"choices": [{"message": {"content": "{}"}}]}))
        worker.ask([one()])
    assert worker.tokens > openai_client.ATTEMPTS * LONGEST_ANSWER


# configuration -------------------------------------------------------------------------------------------------------

GOOD = {"name": "ada", "family": "one", "model": "m-1", "url": "https://judge.example/v1", "key_env": "ADA_KEY"}


def test_no_judges_is_the_default_and_a_panel_is_read() -> None:
    assert judges_of({}).panel == () == judges_of(None).panel
    local = {"name": "bo", "family": "two", "folder": "models/bo"}
    found = judges_of({"panel": [GOOD, local], "budget": {"calls": 9}})
    assert found.panel == (Judge(**GOOD), Judge(**local)) and found.budget == JudgeLimits(9)
    assert found.unlabelled == 200 and judges_of({"unlabelled": 0}).unlabelled == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "ftp://judge.example"}, "must begin with https"),
        ({"url": "judge.example"}, "must begin with https"),
        ({"url": "https://judge.example:99999/v1"}, "must begin with https"),
        ({"url": "https://[judge/v1"}, "must begin with https"),
        ({"url": "https://me:secret@judge.example"}, "password in its url"),
        ({"url": "https://judge.example/v1?key=secret"}, "query in its url"),
        ({"url": "https://judge.example/v1#secret"}, "query in its url"),
        ({"url": "https://judge\x00.example/v1"}, "must begin with https"),
        ({"url": "http://judge.example/v1"}, "key unencrypted"),
        ({"model": ""}, "pins no model"),
        ({"folder": "models/x"}, "not both"),
        ({"url": ""}, "needs a url or a folder"),
        ({"family": ""}, "needs a name and a family"),
        ({"model": 4}, "put it in quotes"),
        ({"temperature": "1"}, "nothing that a judge has"),
    ],
)
def test_a_judge_that_can_t_be_asked_is_refused_in_one_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words) as raised:
        judges_of({"panel": [{**GOOD, **change}]})
    assert "\n" not in str(raised.value) and "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("judges", "words"),
    [
        ([GOOD], "it holds panel, budget"),
        ({"judges": []}, "it holds panel, budget"),
        ({"panel": "ada"}, "no list"),
        ({"panel": ["ada"]}, "no judge"),
        ({"panel": [GOOD, GOOD]}, "two judges are called 'ada'"),
        ({"budget": {"calls": "many"}}, "budget.calls"),
        ({"budget": {"euros": 5}}, "budget.euros"),
        ({"budget": {"calls": -1}}, "budget.calls is -1; give a whole number"),
        ({"unlabelled": -1}, "unlabelled is -1; give a whole number"),
        ({"unlabelled": True}, "unlabelled is True"),
        ({"unlabelled": "many"}, "unlabelled is 'many'"),
        ({"unlabelled": None}, "unlabelled is None"),
    ],
)
def test_what_is_no_panel_is_refused(judges: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        judges_of(judges)


def test_a_key_may_go_unencrypted_to_this_machine_alone() -> None:
    for host in ("localhost:8000", "127.0.0.1:11434", "[::1]:80"):
        assert Judge(**{**GOOD, "url": f"http://{host}/v1"})
