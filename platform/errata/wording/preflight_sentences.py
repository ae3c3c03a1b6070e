"""What a look before a training found, in sentences."""

from __future__ import annotations

from rich.filesize import decimal

from errata.documents.preflight import Preflight, PreflightFault
from errata.wording.counts import counted


def preflight_lines(report: Preflight) -> list[str]:
    """What a training learns from and what it takes; a line each."""
    share = f" ({report.labels / report.tokens:.0%})" if report.tokens else ""
    learnt = f"{counted(report.rows, 'row')} of {report.tokens:,} tokens, of which {report.labels:,}{share} are learnt"
    memory = f"about {decimal(report.memory)} of memory ({decimal(report.memory_free)} free)"
    weights = f"{report.parameters / 1e6:,.1f} million weights in {report.precision}"
    lines = [
        f"{learnt}; {counted(report.steps, 'step')}",
        *(f"{counted(count, 'example')} left out: {reason}" for reason, count in report.left_out.items()),
        f"{memory} for {weights}, and {decimal(report.disk)} of disk ({decimal(report.disk_free)} free)",
    ]
    return lines if report.seconds is None else [*lines, f"expected to take {duration(report.seconds)}"]


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def fault_sentence(fault: PreflightFault) -> str:
    """What is wrong, and what to do."""
    some = f"{fault.count:,} of {counted(fault.of, 'row')} (the first is {fault.example})"
    match fault.kind:
        case "no rows":
            return "there is nothing to train on: no correction may be learnt from, or every example was left out"
        case "nothing to learn":
            return f"{some} have no token that is learnt; run the night again from curation, or mend the template"
        case "no end of sequence":
            return f"{some} don't end with end-of-sequence, so that the model would never learn to stop; run mix again"
        case "too long":
            return f"{some} are longer than the model's context, so that their answers would be cut; run mix again"
        case "template drift":
            return (
                f"{fault.count} of {counted(fault.of, 'talk')} looked at would be asked in other tokens than were "
                f"trained on (the first is {fault.example}); raise the template's version, and run mix again"
            )
        case "held out":
            return (
                f"{counted(fault.count, 'transcript')} of what is to be trained on is held out (the first is "
                f"{fault.example}); delete data/ and run the night again"
            )
        case "memory":
            return (
                f"training needs about {decimal(fault.count)} of memory and {decimal(fault.of)} are free; take a "
                "smaller model, a shorter context, train.layers, or train.method qlora"
            )
        case "disk":
            return (
                f"training writes {decimal(fault.count)} of checkpoints and model and {decimal(fault.of)} are free; "
                "make room, and the same command goes on where it stopped"
            )
