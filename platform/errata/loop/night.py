"""One turn of the loop, as the list of its steps.

DVC owns whatever is a function of its inputs; the steps here own what touches the world: the lease, the watermarks, the
registry, the aliases. Every step is idempotent, so a night that was cut short is finished by running it again.
"""

from __future__ import annotations

from contextlib import suppress

from errata.documents.document import read_document
from errata.documents.evaluation import Evaluation
from errata.documents.file_names import EVALUATION
from errata.documents.night import CandidateKind, today
from errata.documents.outcome import Outcome
from errata.errors import NotFound, Unavailable
from errata.loop.candidate_choice import choose_candidate
from errata.loop.certificates import write_certificates
from errata.loop.conclusion import conclude, night_outcome
from errata.loop.gate_step import run_gates
from errata.loop.hand_moves import HandMoves, settle_hand_moves
from errata.loop.judging import judge_contenders
from errata.loop.lease import loop_lease
from errata.loop.leftovers import clear_leftovers
from errata.loop.model_papers import write_night_papers
from errata.loop.night_plan import begin_night, plan_night, skip_night
from errata.loop.night_timing import night_timer
from errata.loop.publishing import publish, publish_waiting
from errata.loop.registering import store_candidate
from errata.loop.registry_check import check_registry, note_findings
from errata.loop.request_reconciler import carry_out_requests
from errata.loop.stages import collect_results, run_stages
from errata.progress import note
from errata.workspace import Workspace


def run_night(workspace: Workspace, label: str | None = None, kind: CandidateKind | None = None) -> Outcome:
    """Runs the night `label` to its end, or finishes it; returns its outcome. `kind` is what its candidate shall be,
    or both kinds, whatever `params.yaml` says.

    Without a label it is today's, once a night that was cut short is finished. A finished night is not run again: its
    recorded outcome comes back.
    """
    with loop_lease(workspace.record):
        clear_leftovers(workspace.root)
        hand_moves = settle_hand_moves(workspace)
        carry_out_requests(workspace)
        if label is None:
            _finish_earlier(workspace, label := today())
        with suppress(NotFound, Unavailable):  # MLflow is away still, which tonight's publishing says
            publish_waiting(workspace)
        return _run(workspace, label, kind, hand_moves)


def _finish_earlier(workspace: Workspace, tonight: str) -> None:
    """What yesterday's power cut has left goes before tonight, which else would be refused night after night."""
    with workspace.record.read() as store:
        earlier = store.nights.unfinished()
    if earlier is not None and earlier.label != tonight:
        note(f"the night {earlier.label} was cut short and is finished first")
        note(f"{earlier.label}: {_run(workspace, earlier.label).verdict}")


def _run(workspace: Workspace, label: str, kind: CandidateKind | None = None, hand_moves: HandMoves = ()) -> Outcome:
    row = begin_night(workspace, label)
    if row.finished:
        publish(workspace, label, row.outcome, hand_moves)
        return row.outcome
    if row.training_watermark == row.gate_watermark:
        outcome = skip_night(workspace, label)
        note_findings(check_registry(workspace))
        return outcome
    plan, folder = plan_night(workspace, row, kind), workspace.nights / label
    with night_timer(folder):
        night = choose_candidate(workspace, plan)
        night.write(workspace.root)
        run_stages(workspace.root)
        collect_results(workspace.root, folder)
        evaluation = read_document(Evaluation, folder / EVALUATION, "run the night again")
        judgings = judge_contenders(workspace, night, evaluation.contenders)
        results = run_gates(workspace, night, evaluation.contenders, judgings)
        # before an alias can mean it: the stages' folders, where it lies until now, are the next night's
        store_candidate(workspace, results)
        write_certificates(workspace, results)
        write_night_papers(workspace, results)
        outcome = night_outcome(workspace, night, evaluation, results)
    conclude(workspace, night, results, outcome)  # once it is decided nobody times it any more
    publish(workspace, label, outcome, hand_moves)
    return outcome
