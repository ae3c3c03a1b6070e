"""Talks that share an id or sentences have one role: how many are held out by it is said where people look."""

from __future__ import annotations

import json
from itertools import count, islice, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.documents.outcome import Outcome
from errata.domain.joined_talks import NONE_JOINED, JoinedTalks
from errata.domain.roles import ROLES, Role, own_role, strictest
from errata.domain.transcript import Transcript
from errata.wording.joined_sentences import joined_sentence
from errata.wording.night_sentences import night_reason
from tests.command_line import in_this_process
from tests.made_up_answers import begun_workspace
from tests.made_up_record import misheard, shouted, talk

TALKS = 8
NUMBERS = range(TALKS)
TALK = st.sampled_from(NUMBERS)


def drawn(role: str, number: int = 0) -> Transcript:
    """The `number`-th talk that draws this role."""
    talks = (talk(f"talk {at}") for at in count())
    return next(islice((each for each in talks if own_role(each.hash) == role), number, None))


def test_a_talk_is_joined_with_what_says_the_same_and_has_the_strictest_role(record: Record) -> None:
    with record.write() as store:
        first = store.transcripts.add(drawn("train")).seq
        alone = store.transcripts.add(drawn("train", 1)).seq
        before = store.watermark()
        assert store.leak_groups.joined() == NONE_JOINED
        twin = store.transcripts.add(misheard(drawn("train"), "twin"), "anchor").seq
        assert store.leak_groups.joined() == JoinedTalks(talks=2, groups=1, held_out=1)
        assert store.leak_groups.joined(before) == NONE_JOINED, "as of then"
        assert store.leak_groups.joined(among={alone}) == store.leak_groups.joined(among=()) == NONE_JOINED
        assert store.leak_groups.joined(among={twin}) == store.leak_groups.joined(among={first})


@given(
    links=st.sets(st.tuples(TALK, TALK).filter(lambda ends: ends[0] < ends[1])),
    drew=st.lists(st.sampled_from(ROLES), min_size=TALKS, max_size=TALKS),
    among=st.none() | st.sets(TALK),
)
def test_a_group_is_whatever_a_way_of_links_leads_to(
    links: set[tuple[int, int]], drew: list[Role], among: set[int] | None
) -> None:
    reach = [[one == other or (min(one, other), max(one, other)) in links for other in NUMBERS] for one in NUMBERS]
    for by, one, other in product(NUMBERS, repeat=3):  # Warshall's closure
        reach[one][other] |= reach[one][by] and reach[by][other]
    groups = {frozenset(other for other in NUMBERS if reach[one][other]) for one in NUMBERS}
    joined = [group for group in groups if len(group) > 1 and (among is None or group & among)]
    held = [talk for group in joined if strictest(drew[each] for each in group) != "train" for talk in group]
    assert JoinedTalks.of(links, dict(enumerate(drew)), among) == JoinedTalks(
        sum(map(len, joined)), len(joined), sum(drew[each] == "train" for each in held)
    )


@pytest.mark.parametrize(
    ("joined", "ending"),
    [
        (JoinedTalks(2, 1, 1), "has its strictest member's role, by which 1 that drew train is held out"),
        (JoinedTalks(1200, 500, 0), "by which none that drew train is held out"),
    ],
)
def test_the_sentence_says_what_it_means(joined: JoinedTalks, ending: str) -> None:
    sentence = joined_sentence(joined)
    assert sentence.startswith(
        f"{joined.talks:,} talks are joined with another by an id or by sentences that both have"
    )
    assert sentence.endswith(ending)


def test_import_status_and_the_first_night_say_it_once(tmp_path: Path, empty: Path) -> None:
    workspace = begun_workspace(tmp_path, empty)
    folder = tmp_path / "talks"
    folder.mkdir()
    spoken = drawn("train")
    for each in (spoken, drawn("train", 1), shouted(spoken, "again")):
        lines = [f"{at // 6:02}:{at % 6}0\n{segment.text}\n" for at, segment in enumerate(each.segments)]
        (folder / f"{each.external_id}.txt").write_text("\n".join(lines))
    done = in_this_process("import", "transcripts", folder, "--role", "anchor", "-w", tmp_path)
    said = " ".join(done.stdout.split())
    assert said.count("2 talks are joined with another") == 1
    again = in_this_process("import", "transcripts", folder, "-w", tmp_path)
    assert "joined" not in again.stdout, "nothing of it is new"
    status = " ".join(in_this_process("status", "-w", tmp_path).stdout.split())
    assert status.count("2 talks are joined with another by an id or by sentences that both have (1 group)") == 1
    told = json.loads(in_this_process("status", "--json", "-w", tmp_path).stdout)
    assert told["joined"] == {"talks": 2, "groups": 1, "held_out": 0}
    workspace.record.close()


def test_a_first_night_without_any_says_nothing_of_it() -> None:
    first = Outcome(night="n1", verdict="bootstrap", joined=NONE_JOINED)
    assert "joined" not in night_reason(first)
    some = Outcome(night="n1", verdict="bootstrap", joined=JoinedTalks(4, 2, 1))
    assert night_reason(some).count("4 talks are joined with another") == 1
