"""`errata judges`: what language models make of the answers, and how far they may be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find

if TYPE_CHECKING:
    from errata.workspace import Workspace
    from evaluation.judges.seat import Seat

judges = typer.Typer(
    help="Ask language models which answers are better, and measure how they err.", no_args_is_help=True
)


@judges.command("check")
def check_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Measure the configured judges: agreement with reviewers, order, length, style, drift, hidden instructions."""
    from evaluation.judges.night import check_judges, reviewed_pairs

    place = find(workspace)
    with place.record.read() as store:
        upto = store.newest_correction()
    pairs = reviewed_pairs(place.record, upto)
    occasion = date.today().isoformat()  # noqa: DTZ011 - canaries are asked anew once a local day
    with _counted() as each:
        found = check_judges(_seats(place, each), pairs, occasion)
    _show(found, as_json)


@judges.command("ask")
def ask_command(
    workspace: InWorkspace = HERE,
    night: Annotated[str | None, typer.Option(help="The night's label; the last one, by default.")] = None,
    contender: Annotated[str, typer.Option(help="Who is compared with the champion.")] = "candidate",
    as_json: AsJson = False,
) -> None:
    """Let the judges compare a finished night's answers, and write it to its folder as judges.json."""
    from errata.night import Night
    from errata.workspace import write_json
    from evaluation.judges.night import FILE, judge_night, night_items, reviewed_pairs

    place = find(workspace)
    label = night or _last_night(place)
    folder = place.nights / label
    items = night_items(place.record, folder, ("champion", contender))
    pairs = reviewed_pairs(place.record, Night.read(folder).gate_watermark)
    with _counted() as each:
        found = judge_night(_seats(place, each), items, label, pairs)
    write_json(folder / FILE, found)
    _show(found, as_json)


@judges.command("recall")
def recall_command(
    bank: Annotated[Path, typer.Option(help='JSONL of {"id", "question", "reference", "item"}.')],
    day0: Annotated[Path, typer.Option(help='Day-0\'s answers: JSONL of {"id", "answer"}.')],
    day_n: Annotated[Path, typer.Option(help="Day-N's answers, the same.")],
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Grade two models' answers to a question bank: what was learnt, and what was forgotten."""
    from errata.cli.output import print_json
    from evaluation.judges.questions import read_answers, read_bank, recall

    place = find(workspace)
    questions = read_bank(bank)
    answers = read_answers(day0, questions), read_answers(day_n, questions)
    with _counted() as each:
        found = recall(_seats(place, each), questions, answers)
    (print_json if as_json else _print_recall)(found)


def _seats(place: Workspace, each: Callable[[], None]) -> list[Seat]:
    from evaluation.judges.config import read_config
    from evaluation.judges.seat import open_seats

    return open_seats(read_config(place.params()), place.root, each)


def _last_night(place: Workspace) -> str:
    from errata.errors import NotFound

    with place.record.read() as store:
        scored = [row.label for row in store.loop.nights() if (place.nights / row.label / "items.parquet").exists()]
    if not scored:
        raise NotFound(f"{place.root} has no scored night yet; run one: errata nightly -w {place.root}")
    return scored[-1]


@contextmanager
def _counted() -> Iterator[Callable[[], None]]:
    """A count of answers, on stderr."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} answers"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)


def _show(found: dict[str, Any], as_json: bool) -> None:
    from errata.cli.output import print_json

    (print_json if as_json else _print_judges)(found)


def _print_judges(found: dict[str, Any]) -> None:
    from errata.cli.output import print_table, say

    columns = ("judge", "say", "kappa", "swap", "length", "style", "canaries", "changed", "obeys")
    print_table("judges", columns, [_line(judge) for judge in found["judges"]])
    for judge in found["judges"]:
        for reason in (
            *judge["why"],
            *(f"{count} without an answer: {why}" for why, count in judge["missing"].items()),
        ):
            say(f"{judge['name']}: {reason}")
    say(found["why"])
    if found.get("n"):
        verdict = found["verdict"]
        say(
            f"Candidate against champion on {found['n']} items: {verdict['mean']:+.2f} "
            f"({verdict['wins']} won, {verdict['ties']} even, {verdict['losses']} lost)"
        )
    say(_costs(found))


def _line(judge: dict[str, Any]) -> tuple[str, ...]:
    drift, injection = judge["drift"], judge["injection"]
    return (
        judge["name"],
        {True: "yes", False: "no", None: "?"}[judge["say"]],
        _interval(judge["agreement"]["kappa"]),
        _number(judge["swap"]["consistency"]["value"]),
        _number(judge["length"]["lean"], "+"),
        _number(judge["style"]["lean"], "+"),
        f"{drift['right']}/{drift['n']}",
        str(drift["changed"]),
        f"{injection['obeyed']}/{injection['n']}",
    )


def _interval(estimate: dict[str, Any]) -> str:
    if estimate["value"] is None:
        return "–"
    shown = f"{estimate['value']:.2f}"
    return shown if estimate["low"] is None else f"{shown} [{estimate['low']:.2f}, {estimate['high']:.2f}]"


def _number(value: float | None, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.2f}"


def _print_recall(found: dict[str, Any]) -> None:
    from errata.cli.output import percent, say

    for judge in found["judges"]:
        tried = judge["controls"]
        heard = "is heard" if judge["say"] else "is not heard"
        say(f"{judge['name']} {heard}: {tried['right']} of {tried['n']} controls graded right")
    say(f"recall on Day 0 {percent(found['day0'])} %, on Day N {percent(found['day_n'])} %, on {found['n']} questions")
    say(f"{found['learnt']} learnt, {found['forgotten']} forgotten")
    if not found["say"]:
        say("This counts for nothing: graders of two families at least must be heard.")
    say(_costs({name: sum(judge[name] for judge in found["judges"]) for name in ("calls", "tokens", "cached")} | found))


def _costs(found: dict[str, Any]) -> str:
    incomplete = "" if found["complete"] else "; INCOMPLETE: answers are missing"
    return f"{found['calls']} calls, {found['tokens']} tokens, {found['cached']} answers known already{incomplete}"
