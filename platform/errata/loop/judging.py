"""Judges: asked about a night's contenders before the gate decides, and anew whenever somebody wants to know."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from errata.documents.comparison import Comparison
from errata.documents.document import RESTORE, read_document, write_document
from errata.documents.evaluation import ContenderScores, Evaluation
from errata.documents.file_names import CANDIDATE, EVALUATION, ITEMS, PARAMS, judging_file, later_judging_file
from errata.documents.judging import JudgeCheck, Judging, UnlabelledReason
from errata.documents.night import Night, today
from errata.documents.recall import Recall
from errata.errors import BadInput, NotFound
from errata.loop.finished_night import answering_exports
from errata.progress import counter, note
from errata.workspace import Workspace

if TYPE_CHECKING:
    from evaluation.items import ScoredModel
    from evaluation.judges.judge_client import JudgeClient
    from evaluation.judges.judge_session import JudgeSession
    from registry.policy import Policy

QUESTIONS = "questions to judges"
"""What a run counts aloud: those asked, and those that weren't asked any more."""


def judge_contenders(workspace: Workspace, night: Night, contenders: Sequence[ContenderScores]) -> dict[str, Judging]:
    """What the judges say of each contender, by its name; kept in the night's folder. Nothing without judges."""
    if not workspace.params().judges.panel or not contenders:
        return {}
    with workspace.record.read() as store:
        if store.asked_task.name() != "chapters":
            note("judges compare chapters, and are asked about nothing else")
            return {}
    names = [contender.name for contender in contenders]
    judgings = dict(zip(names, _ask(workspace, night, contenders), strict=True))
    for name, judging in judgings.items():
        write_document(workspace.nights / night.label / judging_file(name), judging)
    return judgings


def ask_judges(workspace: Workspace, label: str | None, contender: str) -> Judging:
    """Lets the judges compare a finished night's answers; kept beside what its gate was told.

    Without a label it is the last scored night. Raises NotFound where there is none, or no such contender in it, and as
    `check_judges`.
    """
    _check_panel(workspace)
    folder = workspace.nights / (label or _last_scored_night(workspace))
    scored = _scored_contender(folder, contender)
    [judging] = _ask(workspace, Night.read(folder), [scored])
    write_document(folder / later_judging_file(contender), judging)
    return judging


def check_judges(workspace: Workspace) -> JudgeCheck:
    """How far each configured judge may be believed, by all that reviewers have said so far.

    Raises NotFound where none is configured.
    """
    _check_panel(workspace)
    from evaluation.judges.judge_session import measure_judges
    from evaluation.judges.night_items import reviewed_pairs, second_opinions
    from evaluation.judges.reliability import agreement_floor
    from evaluation.judges.second_opinion import among_reviewers

    with workspace.record.read() as store:
        upto = store.labels.newest()
    pairs = reviewed_pairs(workspace.record, upto)
    floor = agreement_floor(among_reviewers(second_opinions(workspace.record, upto)))
    with counter(QUESTIONS) as advance:
        return measure_judges(_clients(workspace, advance), pairs, today(), floor)  # canaries are asked once a day


def grade_recall(
    workspace: Workspace,
    bank: Path,
    day0: Path,
    day_n: Path,
    after: Mapping[str, Path] | None = None,
    by_words: bool = False,
) -> Recall:
    """Models' answers to a question bank, graded: each file is JSONL, `after` by the last day that a model between was
    taught. `by_words`: whether an answer has the reference's words, and no judge is asked. Raises NotFound as
    `check_judges`, and BadInput for a day that the bank doesn't have."""
    if not by_words:
        _check_panel(workspace)
    from evaluation.judges.question_bank import days_of, read_answers, read_bank
    from evaluation.judges.recall import AnsweredBank, recall, recall_of_words

    questions, after = read_bank(bank), after or {}
    *days, last = days_of(questions) or ("",)
    for day in after:
        if day == last:
            raise BadInput(f"{day!r} is the bank's last day, and Day-N's answers are those of the model after it")
        if day not in days:
            raise BadInput(
                f"{bank} has no questions of the day {day!r}; its days are {', '.join((*days, last)) or '?'}"
            )
    answered = AnsweredBank(
        questions,
        read_answers(day0, questions),
        read_answers(day_n, questions),
        {day: read_answers(path, questions) for day, path in after.items()},
    )
    if by_words:
        return recall_of_words(answered)
    with counter(QUESTIONS) as advance:
        return recall(_clients(workspace, advance), answered)


def skip_reason(judging: Judging, primary: Comparison, policy: Policy) -> UnlabelledReason | None:
    """Why verdicts on more items could not count at the gate; None where they may."""
    from evaluation.statistics.powered import correlation

    labelled, year = [item for item in judging.items if item.human is not None], policy.year
    if year is None:
        return UnlabelledReason("preset ignores judges", preset=policy.name)
    if primary.labelled_effect is not None:
        return UnlabelledReason("rectified")
    if not judging.say:
        return UnlabelledReason("no say")
    if not judging.complete:
        return UnlabelledReason("answers missing")
    if not year.judged_items <= len(labelled) == primary.n:
        return UnlabelledReason("too few items", labelled=primary.n, judged=len(labelled), limit=year.judged_items)
    rho = correlation([item.human or 0.0 for item in labelled], [item.difference for item in labelled])
    if rho is None or rho < year.judged_rho:
        return UnlabelledReason("uncorrelated", rho=rho, limit=year.judged_rho)
    return None


def _ask(workspace: Workspace, night: Night, contenders: Sequence[ContenderScores]) -> list[Judging]:
    """One budget is for all of them; what people labelled comes first, for every contender."""
    from evaluation.judges.judge_session import JudgeSession
    from evaluation.judges.night_items import night_items, reviewed_pairs, second_opinions
    from evaluation.judges.reliability import agreement_floor
    from evaluation.judges.second_opinion import among_reviewers

    folder = workspace.nights / night.label
    pairs = reviewed_pairs(workspace.record, night.gate_watermark)
    floor = agreement_floor(among_reviewers(second_opinions(workspace.record, night.gate_watermark)))
    with counter(QUESTIONS) as advance:
        clients = _clients(workspace, advance)
        sessions = []
        for contender in contenders:
            items = night_items(workspace.record, folder, ("champion", contender.name))
            sessions.append(JudgeSession(clients, items, night.label, pairs, floor))
        for contender, session in zip(contenders, sessions, strict=True):
            _ask_about_unlabelled(workspace, night, contender, session)
        return [session.result() for session in sessions]


def _check_panel(workspace: Workspace) -> None:
    if not workspace.params().judges.panel:
        raise NotFound(f"{workspace.root / PARAMS} names no judges; name some there, under judges: panel:")


def _clients(workspace: Workspace, advance: Callable[[], None]) -> list[JudgeClient]:
    from evaluation.judges.judge_client import open_judges

    return open_judges(workspace.params().judges, workspace.root, advance)


def _ask_about_unlabelled(
    workspace: Workspace, night: Night, contender: ContenderScores, session: JudgeSession
) -> None:
    """Has transcripts that nobody reviewed answered and judged, if what people labelled says that it would count."""
    from errata.inference.forks import ForkedModel
    from evaluation.items import transcripts_seen_by, unreviewed_transcripts
    from evaluation.judges.night_items import answer_items
    from registry.policy import preset

    params = workspace.params()
    if not params.judges.unlabelled:
        return
    why = skip_reason(session.result(), contender.primary, preset(night.gate if night.gate.preset else params.gate))
    if why is not None:
        session.leave_out(why)
        return
    sides = _sides(workspace, night, contender)
    if len(sides) < 3:
        session.leave_out(UnlabelledReason("models gone"))
        return
    rival, champion, _ = sides
    seen = transcripts_seen_by(sides).union(item.transcript.hash for item in session.items)
    seed = f"{params.evaluate.seed} {rival.identity}"
    drawn = unreviewed_transcripts(workspace.record, night.gate_watermark, seen, seed, params.judges.unlabelled)
    new, old = (ForkedModel(*side.answering, workspace.models) for side in (rival, champion))
    session.ask_more(answer_items(workspace.record, old, new, drawn), len(drawn))


def _sides(workspace: Workspace, night: Night, contender: ContenderScores) -> list[ScoredModel]:
    """The contender, the champion and Day-0; fewer, where one is not kept any more."""
    from evaluation.items import stored_model
    from evaluation.scoring_plan import read_candidate

    exports = answering_exports(workspace.nights / night.label)
    models = ((contender.name, contender.model), ("champion", night.champion), ("day0", night.day0))
    sides = [stored_model(name, model, workspace.models, exports) for name, model in models]
    # tonight's candidate is stored once the gate has seen it, and judges are asked before
    candidate = read_candidate(workspace.root / CANDIDATE, night)
    if sides[0] is None and candidate and candidate.identity == contender.model:
        sides[0] = candidate if exports is None else candidate.answering_by(exports, workspace.models)
    return [side for side in sides if side is not None]


def _last_scored_night(workspace: Workspace) -> str:
    with workspace.record.read() as store:
        labels = [row.label for row in store.nights.all() if (workspace.nights / row.label / ITEMS).exists()]
    if not labels:
        raise NotFound(
            f"{workspace.root} has no scored night yet; run one: errata nightly -w {shlex.quote(str(workspace.root))}"
        )
    return labels[-1]


def _scored_contender(folder: Path, name: str) -> ContenderScores:
    """The contender in the night's evaluation."""
    path = folder / EVALUATION
    contenders = read_document(Evaluation, path, RESTORE).contenders if path.exists() else ()
    for contender in contenders:
        if contender.name == name:
            return contender
    names = ", ".join(contender.name for contender in contenders) or "nobody"
    raise NotFound(f"the night {folder.name} scored no {name!r} against the champion, but {names}; name another")
