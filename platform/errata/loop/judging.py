"""A night's judges: asked about each contender's answers before the gate decides, where the workspace has any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from errata.documents.night import Night
from errata.files import write_json
from errata.progress import counter
from errata.workspace import Workspace

if TYPE_CHECKING:
    from evaluation.items import Contender
    from evaluation.judges.night import Hearing
    from registry.policy import Policy

QUESTIONS = "questions to judges"
"""What a run counts aloud: those asked, and those that weren't asked any more."""


def judge_contenders(workspace: Workspace, night: Night, contenders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`evaluation.json`'s contenders with what the judges found of each: `judged`, and a fault where one is missing."""
    from evaluation.judges.config import read_config
    from evaluation.judges.judged import gap, judged
    from evaluation.judges.night import result_file

    if not read_config(workspace.params()).panel or not contenders:
        return contenders
    with counter(QUESTIONS) as each:
        results = hear(workspace, night, contenders, each)
    told = []
    for contender, found in zip(contenders, results, strict=True):
        write_json(workspace.nights / night.label / result_file(contender["name"]), found)
        faults = [fault] if (fault := gap(found)) else []
        told.append({**contender, "judged": judged(found), "faults": [*contender.get("faults", ()), *faults]})
    return told


def hear(
    workspace: Workspace, night: Night, contenders: Sequence[dict[str, Any]], each: Callable[[], None]
) -> list[dict[str, Any]]:
    """What the judges find of each contender.

    One budget is for all of it; what people labelled comes first, for every contender. `each` is called after every
    answer.
    """
    from evaluation.judges.config import read_config
    from evaluation.judges.night import Hearing, night_items, reviewed_pairs
    from evaluation.judges.seat import open_seats

    config, folder = read_config(workspace.params()), workspace.nights / night.label
    seats = open_seats(config, workspace.root, each)
    pairs = reviewed_pairs(workspace.record, night.gate_watermark)
    hearings = []
    for contender in contenders:
        items = night_items(workspace.record, folder, ("champion", contender["name"]))
        hearings.append(Hearing(seats, items, night.label, pairs))
    for contender, hearing in zip(contenders, hearings, strict=True):
        if config.unlabelled:
            _hear_more(workspace, night, contender, hearing, config.unlabelled)
    return [hearing.result() for hearing in hearings]


def _hear_more(workspace: Workspace, night: Night, contender: dict[str, Any], hearing: Hearing, most: int) -> None:
    """Has transcripts that nobody reviewed answered and judged, if what people labelled says that it would count."""
    from errata.inference.model import FolderModel
    from evaluation.items import seen_by, unreviewed
    from evaluation.judges.unlabelled import answered
    from registry.policy import preset

    params = workspace.params()
    why = pointless(hearing.result(), contender["primary"]["n"], preset(params["gate"]["preset"]))
    if why:
        hearing.leave_out(why)
        return
    sides = _sides(workspace, night, contender)
    if len(sides) < 3:
        hearing.leave_out("The models of that night are not all kept any more.")
        return
    rival, champion, _ = sides
    seen = seen_by(sides).union(item.transcript.hash for item in hearing.items)
    draw = f"{params['evaluate']['seed']} {rival.identity}"
    drawn = unreviewed(workspace.record, night.gate_watermark, seen, draw, most)
    new, old = (FolderModel(side.identity, side.folder, workspace.models) for side in (rival, champion))
    hearing.hear(answered(workspace.record, old, new, drawn), len(drawn))


def pointless(found: dict[str, Any], items: int, policy: Policy) -> str:
    """Why verdicts on more items could not count at the gate; empty where they may. `items` are the primary's."""
    from evaluation.judges.judged import judged
    from evaluation.statistics.powered import correlation

    told, year = judged(found), policy.year
    if year is None:
        return f"The preset {policy.name} decides without judges."
    if told is None or not found["complete"]:
        return "The judges have no say." if told is None else "Answers on what people labelled are missing."
    pairs = told["paired_with_human"]
    if not year.judged_items <= len(pairs) == items:
        return f"People labelled {items} items and the judges saw {len(pairs)}; {year.judged_items} are needed of both."
    rho = correlation([pair["human"] for pair in pairs], [pair["judge"] for pair in pairs])
    if rho is None or rho < year.judged_rho:
        shown = "don't vary" if rho is None else f"follow people's with ρ = {rho:.2f}"
        return f"The judges' differences {shown}; {year.judged_rho} is needed."
    return ""


def _sides(workspace: Workspace, night: Night, contender: dict[str, Any]) -> list[Contender]:
    """The contender, the champion and Day-0; fewer, where one is not kept any more."""
    from evaluation.harness import read_candidate
    from evaluation.items import kept

    named = ((contender["name"], contender["model"]), ("champion", night.champion), ("day0", night.day0))
    found = [kept(name, model, workspace.models) for name, model in named]
    made = read_candidate(workspace.root / "candidate", night)  # tonight's, which is kept once the gate has seen it
    if found[0] is None and made and made.identity == contender["model"]:
        found[0] = made
    return [side for side in found if side is not None]
