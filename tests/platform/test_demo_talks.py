from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.demo import styles
from errata.demo.days import DAYS, write, write_reviews
from errata.demo.draft_edit import NEAR, edit
from errata.demo.material import Share, load
from errata.demo.speech import TAUGHT, Phrasebook, SpeechSetting, lines
from errata.demo.talks import Talk, write_talk
from errata.domain.chapter import Chapter, Chapters, canonical

MATERIAL = load()
dice = Random
DAY_1 = SpeechSetting("day-1", own=0.5, fresh=0.4)


def some_talks(setting: SpeechSetting, count: int = 60) -> list[Talk]:
    rng = dice(7)
    channels = MATERIAL.channels
    return [write_talk(MATERIAL, channels[i % len(channels)], setting, rng, f"talk-{i}") for i in range(count)]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "reviews.jsonl").read_text(encoding="utf-8").splitlines()]


def tasks_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "tasks.jsonl").read_text(encoding="utf-8").splitlines()]


def write_tasks(folder: Path, blind_every: int) -> None:
    """What reviewers are given: chapters of 50 s on four talks of five, and nothing on the others."""
    for day in DAYS:
        tasks = []
        for number, (name, fact) in enumerate(read(folder / day / "transcripts.json").items()):
            draft = [{"start": float(start), "title": "Part"} for start in range(0, int(fact["duration"]), 50)]
            blind = number % blind_every == 0
            shown = {"reviewed": None, "blind": True} if blind else {"reviewed": draft}
            tasks.append({"video_id": name, "prediction": f"key of {name}", **shown})
        (folder / day / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))


def written(folder: Path, placebo: bool = False, blind_every: int = 5) -> Path:
    write(folder)
    write_tasks(folder, blind_every)
    for day in DAYS:
        write_reviews(folder / day / "reviews.jsonl", day, folder / day / "tasks.jsonl", placebo)
    return folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def placebo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("placebo"), placebo=True)


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody is shown a draft."""
    return written(tmp_path_factory.mktemp("blind"), blind_every=1)


def test_the_sample_is_the_same_bytes_each_time(sample: Path, tmp_path: Path) -> None:
    written(tmp_path)
    files = sorted(path.relative_to(sample) for path in sample.rglob("*.json*"))
    assert len(files) == 2 + 4 * len(DAYS)
    for file in files:
        assert (sample / file).read_bytes() == (tmp_path / file).read_bytes()


def test_no_pattern_is_in_two_shares_and_every_kind_has_all_shares() -> None:
    for kind, shares in MATERIAL.patterns.items():
        assert set(shares) == set(get_args(Share)), kind
        patterns = [pattern for share in shares.values() for pattern in share]
        assert len(patterns) == len(set(patterns)), kind


def test_topics_are_many_and_distinct_and_some_are_kept_out() -> None:
    names = [topic.name for topic in MATERIAL.topics]
    assert len(names) == len(set(names)) >= 300
    assert all(5 <= len(topic.terms) <= 8 and len(topic.name.split()) <= 4 for topic in MATERIAL.topics)
    known = [topic for topic in MATERIAL.topics if topic.known]
    assert 0.5 < len(known) / len(names) < 0.8
    assert len({topic.domain for topic in MATERIAL.topics} - {topic.domain for topic in known}) == 2


@pytest.mark.parametrize("pool", ["start", "end", "person", "who", "place", "sponsor"])
def test_no_word_is_both_known_and_held_out(pool: str) -> None:
    words = MATERIAL.pools[pool]
    assert words.held_out
    assert not set(words.known) & set(words.held_out)


def test_a_taught_talk_holds_only_known_patterns_and_subjects() -> None:
    talks = some_talks(replace(TAUGHT, garbled=0.0))
    early = {channel.id for channel in MATERIAL.early_channels()}
    assert not any(span.fresh for talk in talks for span in talk.plan if talk.transcript.channel in early)
    said = "\n".join(talk.transcript.text for talk in talks)
    for kind in ("opening", "sponsor", "invite", "farewell"):
        for share in get_args(Share)[1:]:
            for pattern in MATERIAL.patterns[kind][share]:
                longest = max(re.split(r"[\[\]|]|\{\w+\}", pattern), key=len).strip(" ,.?")
                assert longest not in said, pattern


@pytest.mark.parametrize("fresh", [0.0, 1.0])
def test_a_channel_of_one_domain_has_enough_subjects_for_its_longest_talk(fresh: float) -> None:
    narrow = next(channel for channel in MATERIAL.early_channels() if len(channel.domains) == 1)
    for seed in range(40):
        talk = write_talk(MATERIAL, narrow, SpeechSetting("day-1", own=0.0, fresh=fresh), dice(seed), "narrow")
        names = [span.name for span in talk.plan if span.name]
        assert len(set(names)) >= len(names) - 1  # one may be taken up again after a break


def test_a_setting_says_how_much_is_its_own() -> None:
    book = Phrasebook(MATERIAL, SpeechSetting("day-2", own=1.0, fresh=0.0), 0.0, dice(1))
    own = {book.say("ending", {"topic": "T", "term": "t", "other": "o"}) for _ in range(20)}
    assert own == {
        "Anything else on T you can read in the handout.",
        "So be kind to t, and it will be kind to you.",
    }


def test_a_phrasebook_gives_each_pattern_once_before_any_comes_again() -> None:
    book = Phrasebook(MATERIAL, replace(TAUGHT, garbled=0.0), 0.0, dice(1))
    count = len(MATERIAL.patterns["offer"]["known"])
    slots = {"goods": "socks", "code": "X", "sponsor": "Y"}
    fixed = [line for line in (book.say("offer", slots) for _ in range(count)) if "Every order helps" in line]
    assert len(fixed) == 1


def test_garbling_changes_a_share_of_the_words_and_no_slot() -> None:
    plain, garbled = (Phrasebook(MATERIAL, replace(TAUGHT, garbled=share), 0.0, dice(1)) for share in (0.0, 0.12))
    slots = {"topic": "TOPIC", "term": "TERM", "other": "OTHER"}
    said = [book.say("opening", slots).split() for book in (plain, garbled) for _ in range(300)]
    assert sum(map(len, said[300:])) < 0.97 * sum(map(len, said[:300]))
    assert sum("TOPIC" in " ".join(line) for line in said[300:]) > 250


def test_a_long_sentence_is_cut_at_its_middle_comma_and_loses_nothing() -> None:
    first = "One two three four five six seven, eight nine ten eleven,"
    second = "twelve thirteen fourteen fifteen, sixteen seventeen eighteen so on."
    assert lines(f"{first} {second}") == [first, second]
    assert lines("Short, and whole.") == ["Short, and whole."]


@pytest.mark.parametrize("setting", [TAUGHT, DAY_1])
def test_plans_cover_all_lines_and_chapters_lie_in_the_talk(setting: SpeechSetting) -> None:
    for talk in some_talks(setting):
        firsts = [span.first for span in talk.plan]
        count = len(talk.transcript.segments)
        assert firsts[0] == 0
        assert all(one < two for one, two in zip(firsts, [*firsts[1:], count], strict=True))
        for style in (styles.old, styles.house):
            chapters = styles.chapters(talk, style(talk))
            assert 3 <= len(chapters) <= 9
            assert chapters[-1].start < talk.transcript.duration
            assert canonical(chapters, talk.transcript).chapters == chapters


def test_talks_read_like_talks() -> None:
    talks = some_talks(DAY_1, 200)
    counts = [len(talk.transcript.segments) for talk in talks]
    words = [len(talk.transcript.text.split()) for talk in talks]
    assert 15 <= min(counts) <= max(counts) <= 50
    assert 320 <= sum(words) / len(words) <= 400
    assert not any(set("{}[]|") & set(talk.transcript.text) for talk in talks)
    kinds = [{span.kind for span in talk.plan} for talk in talks]
    for kind, least, most in (("cold open", 0.2, 0.5), ("sponsor", 0.5, 0.8), ("question", 0.45, 0.75)):
        assert least < sum(kind in seen for seen in kinds) / len(kinds) < most, kind


def test_nearly_every_title_is_said_in_its_chapter() -> None:
    grounded = []
    for talk in some_talks(DAY_1):
        said = [segment.text.lower() for segment in talk.transcript.segments]
        ends = [span.first for span in talk.plan[1:]] + [len(said)]
        for span, end in zip(talk.plan, ends, strict=True):
            if span.name:
                grounded.append(span.name.lower() in " ".join(said[span.first : end]))
    assert sum(grounded) / len(grounded) > 0.98


def test_the_styles_differ_on_breaks_questions_and_usual_parts() -> None:
    seen = set()
    for talk in some_talks(DAY_1):
        old, house = dict(styles.old(talk)), dict(styles.house(talk))
        kinds = [span.kind for span in talk.plan]
        assert list(old.values()).count("Sponsor message") == kinds.count("sponsor")
        assert "Sponsor message" not in house.values()
        assert list(house.values()).count("Audience questions") == ("question" in kinds)
        assert "Intro" in house.values() and "Introduction" in old.values()
        assert len(old) == len([kind for kind in kinds if kind != "cold open"])
        assert house.keys() <= old.keys()
        seen |= set(kinds)
    assert seen == {"cold open", "introduction", "topic", "sponsor", "question", "closing"}
    assert styles.sentence_case("b-tree indexes") == "B-tree indexes"


def test_retention_has_the_same_borders_in_both_styles(sample: Path) -> None:
    for talk in some_talks(SpeechSetting("retention", own=0.15, fresh=0.2, breaks=False)):
        assert [line for line, _ in styles.old(talk)] == [line for line, _ in styles.house(talk)]
    facts = read(sample / "retention" / "chapters.json")
    assert len(facts) == 48
    assert {fact["channel_id"] for fact in facts.values()} == {channel.id for channel in MATERIAL.early_channels()}
    titles = {title for fact in facts.values() for title in fact["chapters"].values()}
    assert not titles & {"Sponsor message", "Audience questions"}


@pytest.mark.parametrize("day", DAYS)
def test_a_day_holds_together(sample: Path, day: str) -> None:
    facts, asrs = read(sample / day / "transcripts.json"), read(sample / day / "asrs.json")
    assert facts.keys() == asrs.keys()
    assert len(facts) == 80
    assert len({fact["channel_id"] for fact in facts.values()}) >= 20
    assert isinstance(next(iter(asrs.values())), dict if day in ("day-1", "day-2") else list)
    reviews = rows(sample / day)
    assert {row["video_id"] for row in reviews} == facts.keys()
    for row in reviews:
        starts = [chapter["start"] for chapter in row.get("reviewed", [])]
        assert starts == sorted(set(starts))
        assert all(0 <= start < facts[row["video_id"]]["duration"] for start in starts)
        assert starts or row["kind"] == "accept"
    assert len({row["reviewer"] for row in reviews}) == 8


def test_new_domains_come_on_the_third_day(sample: Path) -> None:
    late = {channel.id for channel in MATERIAL.channels} - {channel.id for channel in MATERIAL.early_channels()}
    seen = {day: {f["channel_id"] for f in read(sample / day / "transcripts.json").values()} & late for day in DAYS}
    assert seen == {"day-1": set(), "day-2": set(), "day-3": late, "day-4": late}


def test_talks_come_again_under_other_ids(sample: Path) -> None:
    texts: dict[str, str] = {}
    again = 0
    for day in DAYS:
        for name, asr in read(sample / day / "asrs.json").items():
            said = asr["text"] if isinstance(asr, dict) else [segment["text"] for segment in asr]
            assert name not in texts
            again += "\n".join(said) in texts.values()
            texts[name] = "\n".join(said)
    assert again == 5


def test_one_talk_is_disputed(sample: Path) -> None:
    twice = {}
    for day in DAYS:
        names = [row["video_id"] for row in rows(sample / day)]
        twice |= {name: day for name in names if names.count(name) > 1}
    assert list(twice.values()) == ["day-2"]
    first, second = (row for row in rows(sample / "day-2") if row["video_id"] in twice)
    assert first["reviewer"] != second["reviewer"]
    assert len(first["reviewed"]) == len(second["reviewed"]) + 1


# reviewers and drafts ------------------------------------------------------------------------------------------------


def chapters(*pairs: tuple[float, str]) -> Chapters:
    return tuple(Chapter(start, title) for start, title in pairs)


def test_what_is_near_enough_stays_as_it_was_drafted() -> None:
    draft = chapters((0, "introduction"), (95, "The old Roof"), (140, "Sponsor message"), (300, "Doors"))
    wanted = chapters((0, "Intro"), (80, "The roof"), (200, "Windows"), (321, "Doors"))
    assert edit(draft, wanted) == chapters((0, "Intro"), (95, "The old Roof"), (200, "Windows"), (321, "Doors"))
    assert edit(wanted, wanted) == wanted == edit((), wanted)
    assert edit(chapters((10, "a"), (12, "b")), chapters((11, "b"))) == chapters((10, "b")), "the first of two as near"


@given(
    draft=st.lists(st.integers(0, 400), max_size=9, unique=True).map(sorted),
    wanted=st.lists(st.integers(0, 400), min_size=1, max_size=9, unique=True).map(sorted),
)
def test_an_edited_draft_has_the_chapters_that_were_wanted_in_their_order(draft: list[int], wanted: list[int]) -> None:
    drafted, right = (chapters(*((float(at), f"{at}") for at in starts)) for starts in (draft, wanted))
    left = edit(drafted, right)
    assert len(left) == len(right) and edit(right, right) == right
    starts = [chapter.start for chapter in left]
    assert starts == sorted(set(starts))
    assert all(abs(start - at) <= NEAR for start, at in zip(starts, wanted, strict=True))


@pytest.mark.parametrize("day", DAYS)
def test_reviewers_edit_what_they_are_shown_and_write_the_rest_themselves(sample: Path, blind: Path, day: str) -> None:
    tasks = {task["video_id"]: task for task in tasks_of(sample / day)}
    alone, moved = {row["video_id"]: row for row in rows(blind / day)}, 0
    for row in rows(sample / day):
        task, own = tasks[row["video_id"]], alone[row["video_id"]]
        assert row["prediction"] == f"key of {row['video_id']}"
        if "blind" in row:
            assert row == own or row["reviewer"] != own["reviewer"], "the two of a dispute"
        elif "reviewed" in row:
            drafted = {chapter["start"] for chapter in task["reviewed"]}
            kept = [chapter for chapter in row["reviewed"] if chapter["start"] in drafted]
            moved += sum(chapter not in own["reviewed"] for chapter in kept)
    assert moved > 100, "borders stay where the draft had them"
    assert {row["reviewer"] for row in alone.values()} == {row["reviewer"] for row in rows(sample / day)}


def test_a_draft_that_is_good_enough_is_left_as_it_was(blind: Path, tmp_path: Path) -> None:
    """What a reviewer would have written, a little off: nothing of it is changed, so that the import takes it for an
    accept."""
    near = {row["video_id"]: later(row["reviewed"]) for row in rows(blind / "day-1")}
    tasks = [{"video_id": name, "prediction": "k", "reviewed": found} for name, found in near.items()]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    write_reviews(tmp_path / "reviews.jsonl", "day-1", tmp_path / "tasks.jsonl")
    edited = [row for row in rows(tmp_path) if "reviewed" in row]
    assert len(edited) > 60 and all(row["reviewed"] == near[row["video_id"]] for row in edited)


def later(reviewed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**chapter, "start": chapter["start"] + 3 * (at > 0)} for at, chapter in enumerate(reviewed)]


def test_who_has_no_task_is_not_reviewed(blind: Path, tmp_path: Path) -> None:
    lines = (blind / "day-1" / "tasks.jsonl").read_text().splitlines()[:7]
    (tmp_path / "tasks.jsonl").write_text("\n".join(lines) + "\n")
    write_reviews(tmp_path / "reviews.jsonl", "day-1", tmp_path / "tasks.jsonl")
    chosen = {json.loads(line)["video_id"] for line in lines}
    assert rows(tmp_path) == [row for row in rows(blind / "day-1") if row["video_id"] in chosen]


def test_the_careless_reviewer_is_one_row_in_ten(sample: Path) -> None:
    every = [row for day in DAYS for row in rows(sample / day)]
    careless = [row for row in every if row["reviewer"] == "reviewer-8"]
    assert 0.05 < len(careless) / len(every) < 0.16
    assert {"accept"} == {row["kind"] for row in every if "kind" in row}
    assert all(row["reviewer"] == "reviewer-8" and "blind" not in row for row in every if "kind" in row)


@pytest.mark.parametrize("day", DAYS)
def test_a_placebo_moves_every_edit_to_another_transcript(sample: Path, placebo: Path, day: str) -> None:
    for file in ("transcripts.json", "asrs.json"):
        assert (sample / day / file).read_bytes() == (placebo / day / file).read_bytes()
    facts = read(sample / day / "transcripts.json")
    true, moved = rows(sample / day), rows(placebo / day)
    assert [{**row, "reviewed": 0} for row in true] == [{**row, "reviewed": 0} for row in moved]
    edits = [(one["reviewed"], two) for one, two in zip(true, moved, strict=True) if "reviewed" in one]

    def titles(reviewed: list[dict[str, Any]]) -> list[str]:
        return [chapter["title"] for chapter in reviewed]

    assert sorted(titles(one) for one, _ in edits) == sorted(titles(two["reviewed"]) for _, two in edits)
    assert sum(titles(one) == titles(two["reviewed"]) for one, two in edits) == 0
    for _, row in edits:
        starts = [chapter["start"] for chapter in row["reviewed"]]
        assert starts == sorted(set(starts))
        assert starts[-1] < facts[row["video_id"]]["duration"]


def test_a_placebo_leaves_retention_alone(sample: Path, placebo: Path) -> None:
    for file in ("chapters.json", "asrs.json"):
        assert (sample / "retention" / file).read_bytes() == (placebo / "retention" / file).read_bytes()
