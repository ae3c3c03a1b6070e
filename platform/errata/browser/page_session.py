"""What the page's script asks of Python: a file's talks, and the chapters of each.

    talks = session.read("talk.srt", data)      # JSON: names, and what can't be read
    asking = session.chapter(0)                 # a generator: of queries, each sent the likeliest tokens

Between the script and this, everything is JSON text and lists of numbers.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.browser.page_tokenizer import Decode, Encode, PageTokenizer
from errata.browser.slot_writing import Asking, answer_view
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import detect
from errata.formats.kinds import CHAPTERS, CORRECTIONS, UnknownFormat
from errata.formats.out_chapters import shown_start, write_chapters
from errata.formats.path_kind import path_kind
from errata.formats.source_rows import ImportedTranscript, Rejected
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import Turn
from errata.tasks.template import Reading

PAGE_TEMPLATES = ("indexed", "timestamps", "inline")
"""Those whose answers `SlotForm` can hold to their form; of the others, `borders` is asked without slots."""

READ_HERE = "choose a talk's captions (.srt, .vtt, .sbv, .ass, .lrc), Whisper's .json or .tsv, or a text (.txt)"
"""What the page's own list of files offers."""


@dataclass(frozen=True)
class PageTask(ChapterTask):
    around: Turn = field(default_factory=Turn)
    """As it was when the page was made: what makes it of a chat template isn't in the page."""

    @cached_property
    def turn(self) -> Turn:
        return self.around


class PageSession:
    """One model, and the talks of the file that was read last."""

    def __init__(self, asked: str, tokenizer: str, controls: Encode, words: Encode, letters: Decode) -> None:
        """`asked` is the page's `model.json`, `tokenizer` the model's `tokenizer.json`; then the tokenizer's functions
        (`PageTokenizer`)."""
        how = json.loads(asked)
        self._tokenizer = PageTokenizer.of(json.loads(tokenizer), how["end"], controls, words, letters)
        turn = Turn(how["before"], how["after"])
        self._task = PageTask(templates.find(how["template"]), self._tokenizer, how["context"], around=turn)
        self._talks: list[Transcript] = []

    def read(self, name: str, data: bytes) -> str:
        """JSON: the talks of a file (`talks`, by title or id), and a sentence for each that can't be read
        (`problems`)."""
        self._talks, problems = [], list[str]()
        with TemporaryDirectory() as place:
            path = Path(place) / Path(name).name
            path.write_bytes(data)
            try:
                rows = _rows(path)
            except BadInput as problem:
                rows, problems = [], [_without(str(problem), place)]
        for row in rows:
            if isinstance(row, ImportedTranscript):
                self._talks.append(row.transcript)
            else:
                problems.append(_without(str(row), place))
        return json.dumps({"talks": [talk.title or talk.external_id for talk in self._talks], "problems": problems})

    def chapter(self, number: int) -> Generator[str, Sequence[int], str]:
        """Yields a `TokenQuery` as JSON, with `done`, the share of the talk that is decided; is sent tokens; returns
        JSON: `chapters` (`at`, `title`), `problems`, and `text`, the chapters as descriptions of videos have them."""
        talk = self._talks[number]
        views = self._task.views(talk)
        view = next(views)
        while True:
            reading = yield from _told(answer_view(self._task, view, self._tokenizer), view.starts[0], talk.duration)
            try:
                view = views.send(reading)
            except StopIteration as done:
                return _as_json(talk, done.value)


def _rows(path: Path) -> list[ImportedTranscript | Rejected]:
    """Raises BadInput for what is no talk, and for what the page can't read."""
    try:
        kind = path_kind(path)
        if kind in (CHAPTERS, CORRECTIONS):
            raise BadInput(f"{path} holds {kind}, and not what was said; {READ_HERE}")
        return list(detect.transcripts(path).rows)
    except UnknownFormat as problem:
        raise BadInput(f"{path} is in no format that is read here; {READ_HERE}") from problem
    except ImportError as problem:  # of XML, which Python's own library reads unsafely
        raise BadInput(f"{path} is in a format that isn't read in a page; {READ_HERE}") from problem


def _told(asking: Asking, start: int, duration: float) -> Generator[str, Sequence[int], Reading]:
    query = next(asking)
    while True:
        tokens = yield json.dumps({**asdict(query), "done": min(start / duration, 1.0)})
        try:
            query = asking.send(list(tokens))
        except StopIteration as done:
            reading: Reading = done.value
            return reading


def _as_json(talk: Transcript, reading: Reading) -> str:
    value: JsonObject = {
        "chapters": [{"at": shown_start(chapter, talk), "title": chapter.title} for chapter in reading.chapters],
        "problems": list(reading.problems),
        "text": write_chapters("text", talk, reading.chapters),
    }
    return json.dumps(value)


def _without(sentence: str, place: str) -> str:
    """A page's files have no folder."""
    return sentence.replace(f"{place}/", "")
