"""`errata judges`: what language models make of the answers, and how far they may be believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
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
    from errata.documents.night import today
    from errata.loop.judging import QUESTIONS
    from errata.progress import counter
    from evaluation.judges.night import check_judges, reviewed_pairs

    place = find(workspace)
    with place.record.read() as store:
        upto = store.corrections.newest()
    pairs = reviewed_pairs(place.record, upto)
    with counter(QUESTIONS) as each:
        found = check_judges(_seats(place, each), pairs, today())  # canaries are asked anew once a day
    _show(found, as_json)


@judges.command("ask")
def ask_command(
    workspace: InWorkspace = HERE,
    night: Annotated[str | None, typer.Option(help="The night's label; the last one, by default.")] = None,
    contender: Annotated[str, typer.Option(help="Who is compared with the champion.")] = "candidate",
    as_json: AsJson = False,
) -> None:
    """Let the judges compare a finished night's answers; kept in its folder, beside what its gate was told."""
    from errata.documents.night import Night
    from errata.files import write_json
    from errata.loop.judging import QUESTIONS, hear
    from errata.progress import counter
    from evaluation.judges.night import ASKED, result_file

    place = find(workspace)
    folder = place.nights / (night or _last_night(place))
    scored = _scored(folder, contender)
    with counter(QUESTIONS) as each:
        (found,) = hear(place, Night.read(folder), [scored], each)
    write_json(folder / (ASKED + result_file(contender)), found)
    _show(found, as_json, contender)


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
    from errata.loop.judging import QUESTIONS
    from errata.progress import counter
    from evaluation.judges.questions import read_answers, read_bank, recall

    place = find(workspace)
    questions = read_bank(bank)
    answers = read_answers(day0, questions), read_answers(day_n, questions)
    with counter(QUESTIONS) as each:
        found = recall(_seats(place, each), questions, answers)
    (print_json if as_json else _print_recall)(found)
    _whole(found)


def _seats(place: Workspace, each: Callable[[], None]) -> list[Seat]:
    from evaluation.judges.config import read_config
    from evaluation.judges.seat import open_seats

    return open_seats(read_config(place.params()), place.root, each)


def _last_night(place: Workspace) -> str:
    from errata.errors import NotFound

    with place.record.read() as store:
        scored = [row.label for row in store.nights.all() if (place.nights / row.label / "items.parquet").exists()]
    if not scored:
        raise NotFound(f"{place.root} has no scored night yet; run one: errata nightly -w {place.root}")
    return scored[-1]


def _scored(folder: Path, contender: str) -> dict[str, Any]:
    """The contender in the night's evaluation."""
    from errata.errors import NotFound

    path = folder / "evaluation.json"
    known = json.loads(path.read_text())["contenders"] if path.exists() else []
    found = next((each for each in known if each["name"] == contender), None)
    if found is None:
        names = ", ".join(each["name"] for each in known) or "nobody"
        raise NotFound(
            f"the night {folder.name} scored no {contender!r} against the champion, but {names}; name another"
        )
    return dict(found)


def _show(found: dict[str, Any], as_json: bool, contender: str = "candidate") -> None:
    from errata.cli.output import print_json

    if as_json:
        print_json(found)
    else:
        _print_judges(found, contender)
    _whole(found)


def _whole(found: dict[str, Any]) -> None:
    """Raises Unavailable where judges left questions unanswered, once what they did say has been shown."""
    from errata.errors import Unavailable

    if not found["complete"]:
        raise Unavailable("answers of judges are missing, for the reasons shown; run it again: what was said is kept")


def _print_judges(found: dict[str, Any], contender: str) -> None:
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
            f"{contender.capitalize()} against champion on {found['n']} items: {verdict['mean']:+.2f} "
            f"({verdict['wins']} won, {verdict['ties']} even, {verdict['losses']} lost)"
        )
    for line in _unlabelled(found.get("unlabelled", {})):
        say(line)
    say(_costs(found))


def _unlabelled(more: dict[str, Any]) -> Iterator[str]:
    if more.get("n"):
        yield f"{more['n']} of the items are talks that nobody has reviewed."
    elif more.get("why"):
        yield f"No talks that nobody has reviewed were judged. {more['why']}"


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
