"""One talk: what is said in it, line by line, and the plan that its chapters follow from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from errata.demo.material import Channel, Material, Topic, Words
from errata.demo.speech import Phrasebook, SpeechSetting, lines
from errata.domain.transcript import Segment, Transcript

Part = Literal["cold open", "introduction", "topic", "sponsor", "question", "closing"]

MOST_CHAPTERS = 9


@dataclass(frozen=True, slots=True)
class Span:
    """Lines that belong together: from `first` to the next span's first."""

    kind: Part
    first: int
    name: str = ""
    """The subject's, as said; empty but for topics and questions."""
    fresh: bool = False
    """Whether the subject is one that errata-tiny never learnt from."""


@dataclass(frozen=True, slots=True)
class Talk:
    transcript: Transcript
    plan: tuple[Span, ...]
    """In order; together they cover all lines."""


@dataclass(frozen=True, slots=True)
class _Outline:
    cold_open: bool
    topics: tuple[Topic, ...]
    break_after: int | None
    """Which topic the sponsor interrupts or follows."""
    broken: bool
    """Whether the topic goes on after the break."""
    questions: tuple[Topic, ...]
    closing: bool
    length: int
    """How many lines the topics are to have together."""


def write_talk(material: Material, channel: Channel, setting: SpeechSetting, rng: Random, name: str) -> Talk:
    """A talk of 20 to 45 lines and 3 to 9 chapters; the same `rng` state gives the same talk."""
    outline = _outline(material, channel, setting, rng)
    writer = _Writer(material, channel, setting, outline, rng)
    writer.write()
    title, description = writer.headings()
    segments, duration = _segments(writer.spoken, rng)
    transcript = Transcript(name, segments, duration, title=title, description=description, channel=channel.id)
    return Talk(transcript, tuple(writer.plan))


def _outline(material: Material, channel: Channel, setting: SpeechSetting, rng: Random) -> _Outline:
    questioned = setting.breaks and rng.random() < channel.questions
    sponsored = setting.breaks and rng.random() < channel.sponsors
    questions = rng.randint(2, 4) if questioned else 0
    topics = rng.randint(2, 3) if questioned else rng.randint(3, 5)
    closing = rng.random() < 0.6
    topics = min(topics, MOST_CHAPTERS - 1 - questions - sponsored - closing)
    count = 1 + topics + questions + sponsored + closing
    subjects = _distinct(material, channel, setting, rng, topics + questions)
    return _Outline(
        cold_open=rng.random() < channel.cold_opens,
        topics=subjects[:topics],
        break_after=rng.randrange(topics) if sponsored else None,
        broken=rng.random() < 0.3 and count < MOST_CHAPTERS,
        questions=subjects[topics:],
        closing=closing,
        length=rng.randint(16, 24) - 2 * questions,
    )


def _distinct(
    material: Material, channel: Channel, setting: SpeechSetting, rng: Random, count: int
) -> tuple[Topic, ...]:
    subjects: list[Topic] = []
    for _ in range(count):
        subjects.append(_draw(material, channel.domains, setting.fresh, rng, subjects))
    return tuple(subjects)


def _draw(
    material: Material, domains: Sequence[str], fresh_share: float, rng: Random, others: Sequence[Topic] = ()
) -> Topic:
    """A topic from `domains` that shares no term with `others`, lest one name call two chapters.

    One that errata-tiny never learnt from as often as `fresh_share` says, as far as there are any left of that kind.
    """
    taken = {term for other in others for term in other.terms}
    topics = [topic for topic in material.topics if topic.domain in domains and taken.isdisjoint(topic.terms)]
    is_known = rng.random() >= fresh_share
    return rng.choice([topic for topic in topics if topic.known is is_known] or topics)


class _Writer:
    """Says a talk's lines in order and keeps its plan."""

    def __init__(
        self, material: Material, channel: Channel, setting: SpeechSetting, outline: _Outline, rng: Random
    ) -> None:
        self.spoken: list[tuple[str, str]] = []
        """Line and speaker."""
        self.plan: list[Span] = []
        self._material, self._channel, self._outline, self._rng = material, channel, outline, rng
        self._book = Phrasebook(material, setting, channel.stumbles, rng)
        self._host = rng.choice(channel.hosts)
        self._slots = {"show": channel.show, "host": self._host.split()[0]}
        self._other = self._second_speaker()
        self._terms: list[str] = []

    def write(self) -> None:
        outline = self._outline
        if outline.cold_open:
            self._cold_open()
        self._introduction()
        for index, subject in enumerate(outline.topics):
            self._topic(index, subject)
        for index, subject in enumerate(outline.questions):
            self._question(index, subject)
        if outline.closing:
            self._closing()

    def headings(self) -> tuple[str, str]:
        """The talk's title and description."""
        first, second = self._rng.sample(self._outline.topics, 2)
        words = {"guest": "friends"} | self._slots | {"topic": first.name, "next": second.name}
        title = self._heading(self._material.titles, words)
        return title, self._heading(self._material.descriptions, words)

    def _heading(self, patterns: Words, words: dict[str, str]) -> str:
        pattern = self._rng.choice(patterns)
        drawn = {slot: self._book.word(slot) for slot in ("place", "weekday")}
        heading = pattern.format(**words, **drawn)
        return heading[0].upper() + heading[1:]

    def _second_speaker(self) -> str | None:
        """The other host, a guest, or nobody; half of the talks have a guest."""
        if self._rng.random() < 0.5:
            first = self._book.word("person")
            self._slots["guest"] = first
            return f"{first} {self._book.word('start')}{self._book.word('end')}"
        return next((host for host in self._channel.hosts if host != self._host), None)

    def _begin(self, kind: Part, subject: Topic | None = None) -> None:
        if subject is None:
            self.plan.append(Span(kind, len(self.spoken)))
        else:
            self.plan.append(Span(kind, len(self.spoken), subject.name, not subject.known))

    def _say(self, kind: str, speaker: str | None = None, **slots: str) -> None:
        sentence = self._book.say(kind, self._slots | slots)
        self.spoken.extend((line, speaker or self._host) for line in lines(sentence))

    def _upcoming(self, index: int) -> dict[str, str]:
        """`next` and `past`, as far as there are any."""
        topics = self._outline.topics
        slots = {}
        if index + 1 < len(topics):
            slots["next"] = topics[index + 1].name
        if index > 0:
            slots["past"] = topics[self._rng.randrange(index)].name
        return slots

    def _two_terms(self, subject: Topic) -> dict[str, str]:
        """The next two terms, going round through all of them before any comes twice."""
        if len(self._terms) < 2:
            self._terms = self._rng.sample(subject.terms, len(subject.terms))
        return {"term": self._terms.pop(), "other": self._terms.pop()}

    def _cold_open(self) -> None:
        self._begin("cold open")
        subject = self._rng.choice(self._outline.topics)
        speaker = self._other or self._host
        self._terms = []
        for _ in range(self._rng.randint(2, 3)):
            self._say("cold", speaker, topic=subject.name, **self._two_terms(subject))

    def _introduction(self) -> None:
        self._begin("introduction")
        first, second = self._rng.sample(self._outline.topics, 2)
        self._say("welcome")
        for _ in range(self._rng.randint(1, 3)):
            self._say("agenda", topic=first.name, next=second.name)

    def _topic(self, index: int, subject: Topic) -> None:
        self._begin("topic", subject)
        self._terms = []
        count = self._length()
        slots = self._upcoming(index) | {"topic": subject.name}
        self._opening(subject, slots)
        break_here = self._outline.break_after == index
        cut = count // 2 if break_here and self._outline.broken else count
        self._body(subject, slots, cut - 1)
        if break_here:
            self._sponsor()
        if cut < count:
            self._begin("topic", subject)
            self._say("back", **slots, **self._two_terms(subject))
            self._body(subject, slots, max(count - cut, 3))
        elif not break_here and self._rng.random() < 0.35:
            self._say("ending", **slots, **self._two_terms(subject))

    def _length(self) -> int:
        mean = self._outline.length / len(self._outline.topics)
        return max(3, round(mean * self._rng.uniform(0.7, 1.3)))

    def _opening(self, subject: Topic, slots: dict[str, str]) -> None:
        """Mostly announced; at times only the words change, and now and then the name comes later."""
        way = self._rng.choices(("opening", "soft", "body"), weights=(78, 18, 4))[0]
        self._say(way, **slots, **self._two_terms(subject))
        if way == "body":
            self._say("named", self._answering(), **slots, **self._two_terms(subject))

    def _body(self, subject: Topic, slots: dict[str, str], count: int) -> None:
        for kind in self._kinds(count, "next" in slots):
            self._say(kind, self._speaker(kind), **slots, **self._two_terms(subject))

    def _kinds(self, count: int, more: bool) -> Sequence[str]:
        """Kinds of line for `count` lines inside a chapter."""
        kinds = self._rng.choices(
            ("body", "named", "aside", "reply", "falsestart"),
            weights=(66, 12, 8, 12 if self._other else 0, 4 if more else 0),
            k=count,
        )
        # Nobody turns to the next thing, or answers, in the first line after an opening.
        return ["body" if index == 0 and kind in ("falsestart", "aside") else kind for index, kind in enumerate(kinds)]

    def _speaker(self, kind: str) -> str:
        return self._answering() if kind in ("body", "named") else self._host

    def _answering(self) -> str:
        return self._other or self._host

    def _sponsor(self) -> None:
        self._begin("sponsor")
        name = self._book.word("sponsor")
        code = self._channel.show.split()[-1].upper() + str(self._rng.choice((10, 15, 20, 25)))
        slots = {"sponsor": name, "goods": self._material.goods[name], "code": code}
        self._say("sponsor", **slots)
        for _ in range(self._rng.randint(1, 3)):
            self._say("offer", **slots)

    def _question(self, index: int, subject: Topic) -> None:
        self._begin("question", subject)
        self._terms = []
        if index == 0:
            self._say("invite")
        asker = self._book.word("person")
        self._say("question", "Audience", topic=subject.name, asker=asker, **self._two_terms(subject))
        self._say("answer", self._answering(), topic=subject.name, **self._two_terms(subject))
        for _ in range(self._rng.randint(1, 3)):
            kind = self._rng.choices(("body", "named"), weights=(80, 20))[0]
            self._say(kind, self._answering(), topic=subject.name, **self._two_terms(subject))

    def _closing(self) -> None:
        self._begin("closing")
        slots = {"past": self._rng.choice(self._outline.topics).name}
        coming = _draw(self._material, self._channel.domains, 0.0, self._rng)
        self._say("farewell", **slots)
        for _ in range(self._rng.randint(1, 2)):
            self._say("goodbye", next=coming.name, **slots)


def _segments(spoken: list[tuple[str, str]], rng: Random) -> tuple[tuple[Segment, ...], float]:
    """Times at some 150 words a minute, in seconds; a line takes more than one, so that no two start in the same."""
    pace = 2.5 * rng.uniform(0.85, 1.15)
    now = rng.uniform(0.0, 0.9)
    segments = []
    for text, speaker in spoken:
        end = now + max(1.1, len(text.split()) / pace * rng.uniform(0.85, 1.15))
        segments.append(Segment(round(now, 2), round(end, 2), text, speaker))
        now = end + rng.uniform(0.05, 0.6)
    return tuple(segments), round(now + rng.uniform(0.5, 3.0), 2)
