"""The values that everything else stands on: roles drawn by hash, content identity, transcripts, canonical chapters."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, canonical, starts, tidy
from errata.domain.clock import clock, find_clock
from errata.domain.hashing import canonical_json, content_hash, sha256
from errata.domain.roles import DEFAULT_SHARES, ROLES, own_role, strictest
from errata.domain.transcript import Segment, Transcript
from errata.domain.twins import signature, similarity, text_hash
from errata.errors import BadInput
from tests.made_up_record import misheard, shouted, talk


def test_ten_thousand_hashes_draw_their_roles_in_the_shares() -> None:
    drawn = [own_role(sha256(str(number))) for number in range(10_000)]
    for role in ROLES:
        share = DEFAULT_SHARES[role]
        deviation = math.sqrt(share * (1 - share) / 10_000)
        assert abs(drawn.count(role) / 10_000 - share) < 4 * deviation, role


def test_a_hash_draws_the_same_role_in_every_version_of_errata() -> None:
    names = [sha256(str(number)) for number in range(40)]
    assert [own_role(name)[0] for name in names] == list("adttsttatttttttttatstttttdtttttttttttttt")


@given(st.lists(st.sampled_from(ROLES), min_size=1))
def test_the_strictest_role_is_the_last_of_the_list_that_is_there(roles: list[str]) -> None:
    found = strictest(roles)
    assert found in roles
    assert not any(ROLES.index(role) > ROLES.index(found) for role in roles)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_the_order_of_keys_does_not_change_a_hash(value: dict[str, object]) -> None:
    assert content_hash(value) == content_hash(dict(reversed(value.items())))


def test_a_number_that_is_none_has_no_hash() -> None:
    with pytest.raises(ValueError):
        canonical_json([math.nan])


def test_a_transcript_comes_back_from_json_with_its_hash() -> None:
    one = replace(talk("t"), channel="Rope", description="Two\nlines", segments=(Segment(0.5, 2, "Hello", "Ann"),))
    back = Transcript.from_json(one.as_json())
    assert back == one
    said = {name: value for name, value in asdict(one).items() if name not in ("chat", "vectors")}
    assert one.as_json() == said | {"segments": [asdict(segment) for segment in one.segments]}
    assert back.hash == one.hash == content_hash(one.as_json()) == content_hash(said)
    assert replace(one, title="Other").hash != one.hash


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"external_id": " "}, "no id"),
        ({"segments": ()}, "empty"),
        ({"segments": (Segment(0, 1, "  "),)}, "empty"),
        ({"duration": math.nan}, "positive number"),
        ({"duration": -3.0}, "positive number"),
        ({"duration": 86_400.0}, "a day or more"),
        ({"segments": (Segment(0, math.inf, "x"),)}, "segment 0"),
        ({"segments": (Segment(-1, 1, "x"),)}, "segment 0"),
        ({"segments": (Segment(3, 2, "x"),)}, "run backwards"),
        ({"segments": (Segment(5, 6, "x"), Segment(4, 6, "y"))}, "segment 1"),
        ({"duration": 20.0}, "last segment"),
    ],
)
def test_a_transcript_that_later_code_could_not_take_is_refused_by_name(change: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        replace(talk("t"), **change)


def test_a_long_text_without_times_is_no_long_recording() -> None:
    assert replace(talk("book"), duration=200_000.0, unit="words").duration == 200_000


def test_a_title_that_no_database_takes_is_refused_and_a_model_s_is_tidied() -> None:
    with pytest.raises(BadInput, match=r"'So\\x00il' has a NUL character"):
        Chapter(0.0, "So\0il")
    assert Chapter(0.0, tidy(" So\0il\n")).title == "So il"


@given(
    st.lists(st.floats(0, 5_000), min_size=1, max_size=30).map(sorted),
    st.lists(st.floats(0, 6_000), max_size=8),
)
def test_canonical_chapters_stand_on_segments_once_each(places: list[float], wanted: list[float]) -> None:
    transcript = Transcript("t", tuple(Segment(place, place + 1, "x") for place in places), 6_001.0)
    made = canonical(tuple(Chapter(start, f" title\n{start}") for start in wanted), transcript)
    found = [chapter.start for chapter in made.chapters]
    assert set(found) <= set(starts(transcript))
    assert all(one < other for one, other in pairwise(found))
    assert len(found) + made.merged == len(wanted)
    assert all("\n" not in chapter.title for chapter in made.chapters)
    again = canonical(made.chapters, transcript)
    assert again.chapters == made.chapters
    assert set(again.moved) <= {0.0}


@given(st.integers(0, 400 * 3600 - 1))
def test_a_clock_is_read_back(seconds: int) -> None:
    assert find_clock(f"at {clock(seconds + 0.9)} we begin") == (seconds, (3, 3 + len(clock(seconds))))
    assert find_clock(clock(seconds).replace(":", "：")) == (seconds, (0, len(clock(seconds))))


def test_punctuation_and_capitals_do_not_change_what_was_said() -> None:
    one = talk("one")
    assert text_hash(one.text) == text_hash(shouted(one, "two").text)
    assert text_hash(one.text) != text_hash(misheard(one, "two").text)


def test_the_similarity_of_texts_is_what_the_shorter_has_of_the_other_in_its_order() -> None:
    one = talk("one").text
    assert similarity(signature(one), signature(one)) == 1.0
    assert similarity(signature(one), signature(misheard(talk("one"), "two").text)) > 0.9
    assert similarity(signature(one), signature(talk("other").text)) == 0.0
    assert similarity(signature("Yes."), signature("yes")) == 0.0, "they are twins by their words, which are the same"
