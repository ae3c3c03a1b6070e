"""Chapter lists as people type them: whatever holds a time is a chapter, refused by name, or counted as prose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.formats.listed_lines import read_list
from errata.formats.timed_lines import read_line, timed_lines

LIST = "0:00 Clay\n1:00 Wheel\n2:00 Kiln"


def listed(text: str) -> list[tuple[float, str]]:
    return [(chapter.start, chapter.title) for chapter in read_list(text).chapters]


@pytest.mark.parametrize(
    "line",
    [
        "3:00 Glaze",
        "Glaze - 3:00",
        "Glaze (3:00)",
        "• Glaze … 3:00",
        "#4 3:00 Glaze",
        "4. 3:00 – Glaze",
        "(4) [3:00] Glaze",
        "4️⃣ 3:00 Glaze",
        "3:00\u200b Glaze",
        "\u200f3:00 Glaze",
        "【3:00】Glaze",
        "「3:00」 Glaze",
        "（3:00） Glaze",
        "\ufeff3:00 Glaze",
        "0:3:00 Glaze",
        "00:03:00.000 Glaze",
        "3:00→ Glaze",
        "3:00➡️Glaze",
        "3:00. Glaze",
        "3:00) Glaze",
        "3:00, Glaze",
        "3:00 => Glaze",
        "3:00 // Glaze",
        "{3:00} Glaze",
        "3:00 - 4:30 Glaze",
        "[3:00] – [4:30] Glaze",
        "3:00 to 4:30 Glaze",
        "３：００　Glaze",
        "٣:٠٠ Glaze",
        "3∶00 Glaze",
        "🔥 3:00 | Glaze",
        "*3:00* Glaze",
        "**3:00** - Glaze",
        "`3:00` Glaze",
        "[3:00](https://x.example/w?t=180) Glaze",
        "| 3:00 | Glaze |",
        "| Glaze | 3:00 |",
        "Glaze **3:00**",
    ],
)
def test_a_chapter_may_be_written_so(line: str) -> None:
    for place in (f"{LIST}\n{line}", f"{LIST}\n{line}\n6:00 Shop"):
        assert listed(place)[:4] == [(0, "Clay"), (60, "Wheel"), (120, "Kiln"), (180, "Glaze")]


@pytest.mark.parametrize("end", ["\u2028", "\x0b", "\x85", "\x1c"])
def test_a_title_goes_on_behind_what_ends_no_line(end: str) -> None:
    assert listed(f"{LIST}\n3:00 Salt{end}glaze")[3] == (180, f"Salt{end}glaze")


@pytest.mark.parametrize(
    "title", [".NET", "/etc", "#1 of all", "“Pots”", "🔥 Fire", "__init__", "~/kiln", "(part two)"]
)
def test_a_title_keeps_its_own_signs(title: str) -> None:
    assert listed(f"{LIST}\n3:00 {title}")[3] == (180, title)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("Pots\n\nClay 0:00\nWheel 1:00\nKiln 2:00\n\nWe fire every day at 20:30", [0, 60, 120]),
        ("Clay 0:00\n\nWheel 1:00\n\nKiln 2:00", [0, 60, 120]),
        ("Clay: 0:00\nhow it is dug\nWheel: 1:00\nhow it turns\nKiln: 2:00", [0, 60, 120]),
        ("0:00 Clay\n1:00 Wheel\nKiln 2:00\n3:00 Glaze", [0, 60, 120, 180]),
        ("Clay 0:00–1:00\nWheel 1:00–2:00\nKiln 2:00–3:00", [0, 60, 120]),
    ],
)
def test_lists_with_the_time_last_or_mixed(text: str, times: list[float]) -> None:
    assert [start for start, _ in listed(text)] == times


@pytest.mark.parametrize(
    "line",
    [
        "Live every day at 10:30",
        "we recorded this at 12:30 in May",
        "the film is in 16:9 and lasts 24/7",
        "see my other video (12:30) about this clay",
        "It was 0:30 when we began",
        "Open 9:00 am to 5:00 pm",
        "jeden Tag um 20:15",
    ],
)
def test_prose_that_mentions_a_time_is_left_alone_and_counted(line: str) -> None:
    for text in (f"{line}\n\n{LIST}", f"{LIST}\n\n{line}"):
        read = read_list(text)
        assert len(read.chapters) == 3
        assert read.prose == (":" in line and "16:9" not in line)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"{LIST}\n3:00end\n4:00 Shop", "'3:00end'"),
        (f"{LIST}\n3.00 Glaze\n4:00 Shop", "'3.00 Glaze'"),
        (f"{LIST}\n3m00s Glaze", "'3m00s Glaze'"),
        (f"{LIST}\n3_00 Glaze\n4:00 Shop", "'3_00 Glaze'"),
        (f"{LIST}\n180s Glaze\n4:00 Shop", "'180s Glaze'"),
        (f"{LIST}\n• 3min Glaze\n4:00 Shop", "'• 3min Glaze'"),
        (f"{LIST}\nhttps://youtu.be/x?t=180 Glaze\n4:00 Shop", "'https://youtu.be/x?t=180 Glaze'"),
        (f"{LIST}\n3:000 Glaze\n4:00 Shop", "'3:000 Glaze'"),
        (f"{LIST}\n3 :00 Glaze\n4:00 Shop", "'3 :00 Glaze'"),
        (f"{LIST}\n3: 00 Glaze\n4:00 Shop", "'3: 00 Glaze'"),
        (f"{LIST}\n3::00 Glaze\n4:00 Shop", "'3::00 Glaze'"),
        (f"{LIST}\nGlaze 3 : 00\n4:00 Shop", "'Glaze 3 : 00'"),
        (f"{LIST}\nPart 4 3:00 Glaze\n4:00 Shop", "'Part 4 3:00 Glaze'"),
        (f"{LIST}\nGlaze 8:00", "'Glaze 8:00'"),
        (f"{LIST}\n\nGlaze - 8:00", "'Glaze - 8:00'"),
        ("Clay 0:00\nWheel 1:00\nKiln 2:00\n\nGlaze 3:00", "'Glaze 3:00'"),
        (f"{LIST}\nsee 0:30\n3:00 Glaze", "'see 0:30'"),
        (f"{LIST}\nGlaze [2:30] and more\n3:00 Shop", "'Glaze [2:30] and more'"),
        (f"{LIST}\n7:00 PM: the market", "'7:00 PM: the market'"),
        ("0:00 Clay 1:00 Wheel 2:00 Kiln", "has two times"),
        (f"{LIST}\n0:00:03:00 Glaze", "has a time that is none"),
        (f"{LIST}\n3:00", "'3:00' has a time and no title"),
        (f"{LIST}\n3:00 - 2:30 Glaze", "ends before it begins"),
    ],
)
def test_what_may_be_a_chapter_and_is_not_understood_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(BadInput, match=r".") as refused:
        read_list(text)
    assert named in str(refused.value)


@pytest.mark.parametrize("line", ["Ten percent off until 23:59 today", "as I have said at 0:30", "We dug clay at 0:10"])
def test_prose_among_chapters_is_prose_where_its_time_is_not_between_theirs(line: str) -> None:
    read = read_list(LIST.replace("2:00", f"{line}\n2:00"))
    assert (len(read.chapters), read.prose) == (3, 1)


def test_a_text_without_a_list_has_none() -> None:
    assert read_list("Thrown at 10:30 in the shed.\nNothing else.") == ([], 1)


WORDS = st.lists(st.sampled_from(["clay", "wheel", "kiln", "Töpfe", "粘土", "&", "part"]), min_size=1, max_size=4)
TITLES = WORDS.map(" ".join).filter(lambda title: title[0] != "&")
STYLES = {
    "plain": "{time} {title}",
    "dash": "{time} – {title}",
    "number": "{number}. {time} {title}",
    "sharp": "#{number} {time} {title}",
    "brackets": "[{time}] {title}",
    "bullet": "• ({time}) {title}",
    "unseen": "\u200e{time}\u200b {title}",
    "arrow": "{time}→ {title}",
    "range": "{time} - {end} {title}",
    "last": "{title} - {time}",
    "last in brackets": "{title} ({time})",
    "last bare": "{title} {time}",
    "last range": "{title} {time}–{end}",
}


def moment(seconds: int) -> str:
    return (
        f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        if seconds >= 3600
        else (f"{seconds // 60}:{seconds % 60:02d}")
    )


@given(
    steps=st.lists(st.integers(10, 2000), min_size=2, max_size=8),
    titles=st.lists(TITLES, min_size=9, max_size=9),
    style=st.sampled_from(sorted(STYLES)),
    prose=st.sampled_from(["", "Hello there.\n\n", "We are live at 9:15 on Mondays.\n\n"]),
)
def test_a_list_in_any_style_comes_back_whole(steps: list[int], titles: list[str], style: str, prose: str) -> None:
    starts = [sum(steps[:at]) for at in range(len(steps) + 1)]
    lines = [
        STYLES[style].format(time=moment(start), end=moment(start + 5), title=titles[at], number=at + 1)
        for at, start in enumerate(starts)
    ]
    read = read_list(prose + "\n".join(lines))
    assert [(item.start, item.title) for item in read.chapters] == list(zip(starts, titles, strict=False))
    assert read.prose == ("9:15" in prose)


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["", "", "live at ", "Clay ", "#3 ", "2. ", "(", "\u200b", "Part 2: "]),
            st.sampled_from(["0:00", "1:00", "2:30", "12:45", "1:02:03", "9:75", "3.30", "", "１：３０"]),
            st.sampled_from(["", " Wheel", ") Kiln", " - 4:00 Shop", "am", ", then 8:00", " every day"]),
        ).map("".join),
        max_size=8,
    )
)
def test_nothing_with_a_time_vanishes_without_being_named_or_counted(lines: list[str]) -> None:
    text = "\n".join(lines)
    timed = [line for line in timed_lines(text) if line.shape != "oddity"]
    try:
        read = read_list(text)
    except BadInput as problem:
        assert any(f"'{' '.join(line.split())}'" in str(problem) for line in lines)
        return
    assert len(read.chapters) + read.prose == len(timed)


@given(st.text(max_size=80))
def test_no_line_stops_the_reader(line: str) -> None:
    found = read_line(line)
    assert found is None or found.start is None or found.start >= 0
