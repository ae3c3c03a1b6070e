"""How near real labels come to the limits of what may be answered, and whether each could be written.

    python -m benchmarks.limits PATH [--model FOLDER]    talks with chapters, in any format that import reads

Every window of every talk, as the model (errata-tiny by default) would be asked about it, is answered rightly, token by
token, as a decoder lets it. Prints the longest title, the most chapters, and how many windows could not be answered.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.talk_files import read_talks
from errata.formats.source_rows import ImportedTranscript
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.inference.decode import Decoder, write
from errata.inference.tokenizer import load_tokenizer
from errata.project_files import embedded_model
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import ids
from errata.tasks.limits import TITLE_TOKENS, most_chapters
from errata.tasks.prompt import Slot, Text
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading


@dataclass(frozen=True, slots=True)
class Window:
    chapters: int
    most: int
    title: int
    """Tokens of the longest title."""
    can_be_written: bool


def measure(example: Example[Reading], task: ChapterTask, decoder: Decoder[Reading]) -> Window:
    titles = [len(ids(Text(chapter.title), task.tokenizer)) for chapter in example.right.chapters]
    written = write(decoder, example) == example.right
    return Window(len(titles), most_chapters(len(example.view.lines)), max(titles, default=0), written)


def report(windows: Sequence[Window]) -> list[str]:
    fullest = max(windows, key=lambda window: window.chapters / window.most)
    lost = sum(not window.can_be_written for window in windows)
    return [
        f"{len(windows):,} windows of {sum(window.chapters for window in windows):,} chapters",
        f"longest title: {max(window.title for window in windows)} tokens of {TITLE_TOKENS}",
        f"most chapters for a window: {fullest.chapters} of {fullest.most}",
        f"{lost} windows whose right answer can't be written",
    ]


def all_windows(talks: Iterable[ImportedTranscript], folder: Path, card: Card) -> list[Window]:
    tokenizer = load_tokenizer(folder)
    task = chapter_task(card, tokenizer)
    decoder = Decoder(tokenizer, len(tokenizer), task)
    return [
        measure(example, task, decoder)
        for talk in talks
        if talk.reference
        for example in examples(task, talk.transcript, Reading.of(talk.reference, talk.transcript))
        if any(isinstance(span, Slot) for span in task.render(example.view))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits")
    parser.add_argument("path", type=Path)
    parser.add_argument("--model", type=Path, help="a model's folder; its weights aren't read")
    parser.add_argument("--template", default="indexed", help="of a --model without a card")
    parser.add_argument("--context", type=int, default=2048, help="of a --model without a card")
    asked = parser.parse_args()
    folder: Path = asked.model or embedded_model()
    card = Card(asked.template, asked.context) if asked.model else Card.read(folder)
    for line in report(all_windows(read_talks(asked.path), folder, card)):
        print(line)


if __name__ == "__main__":
    main()
