"""`errata judges`: what language models make of the answers, and how far they may be believed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from errata.cli.arguments import (
    HERE,
    AsJson,
    CardlessTemplate,
    DrawSeed,
    InWorkspace,
    NightLabel,
    Temperature,
    TopK,
    find,
)
from errata.cli.completion import complete_model
from errata.cli.output import show
from errata.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from errata.documents.judging import JudgeCheck
    from errata.documents.recall import Recall

Result = TypeVar("Result", bound="JudgeCheck | Recall")

judges = typer.Typer(
    help="Ask language models which answers are better, and measure how they err.", no_args_is_help=True
)


@judges.command("check")
def check_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Measure the configured judges: agreement with reviewers, order, length, style, drift, hidden instructions."""
    from errata.cli.print_judging import print_check
    from errata.loop.judging import check_judges

    _show(check_judges(find(workspace)), as_json, print_check)


@judges.command("ask")
def ask_command(
    workspace: InWorkspace = HERE,
    night: NightLabel = None,
    contender: Annotated[
        Literal["candidate", "challenger"], typer.Option(help="Who is compared with the champion.")
    ] = "candidate",
    as_json: AsJson = False,
) -> None:
    """Let the judges compare a finished night's answers; kept in its folder, beside what its gate was told."""
    from errata.cli.print_judging import print_judging
    from errata.loop.judging import ask_judges

    _show(ask_judges(find(workspace), night, contender), as_json, lambda judging: print_judging(judging, contender))


@judges.command("answer")
def answer_command(
    bank: Annotated[Path, typer.Argument(metavar="BANK", help="The question bank, as `recall` takes it.")],
    out: Annotated[Path, typer.Option(help='A new file for the answers: JSONL of {"id", "answer"}.')],
    model: Annotated[
        str,
        typer.Option(help="An alias, an identity, a folder or a .gguf file.", autocompletion=complete_model),
    ] = "champion",
    template: CardlessTemplate = "indexed",
    temperature: Temperature = 0.0,
    top_k: TopK = 50,
    seed: DrawSeed = 7,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Have a model answer a question bank, Day-0 or any other; a run that is cut short goes on where it was."""
    from errata.cli.print_recall import print_answered
    from errata.inference.draw_options import DrawOptions
    from errata.loop.bank_answering import answer_questions

    drawing = DrawOptions(temperature, top_k, seed)
    show(answer_questions(find(workspace), bank, model, template, drawing, out), as_json, print_answered)


@judges.command("recall")
def recall_command(
    bank: Annotated[
        Path, typer.Option(help='JSONL of {"id", "question", "reference", "item", "day", "kind", "shown"}.')
    ],
    day0: Annotated[Path, typer.Option(help='Day-0\'s answers: JSONL of {"id", "answer"}.')],
    day_n: Annotated[Path, typer.Option(help="Day-N's answers, the same.")],
    after: Annotated[
        list[str] | None,
        typer.Option(metavar="DAY=FILE", help="Answers of the model as it was taught up to a day; again for others."),
    ] = None,
    by_words: Annotated[
        bool, typer.Option("--by-words", help="Right is what has the reference's words in a row; no judge is asked.")
    ] = False,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Grade models' answers to a question bank: what was learnt, and what was forgotten, by day and by kind."""
    from errata.cli.print_recall import print_recall
    from errata.loop.judging import grade_recall

    between: dict[str, Path] = {}
    for day, path in map(_day_and_file, after or ()):
        if day in between:
            raise BadInput(f"--after names the day {day!r} twice; leave one out")
        between[day] = Path(path)
    _show(grade_recall(find(workspace), bank, day0, day_n, between, by_words), as_json, print_recall)


def _day_and_file(given: str) -> tuple[str, str]:
    day, equals, path = given.partition("=")
    if not day or not equals or not path:
        raise BadInput(f"{given!r} is no DAY=FILE; say --after 2026-03-04=answers.jsonl")
    return day, path


def _show(result: Result, as_json: bool, print_result: Callable[[Result], None]) -> None:
    """Raises Unavailable where judges left questions unanswered, once what they did say has been shown."""
    from errata.documents import document

    show(result, as_json, print_result, document.as_json)
    if not result.complete:
        raise Unavailable("answers of judges are missing, for the reasons shown; run it again: what was said is kept")
