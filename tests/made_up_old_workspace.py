"""A workspace as the version before typed documents left it: its files and rows, spelled out as it wrote them.

Three nights: the first had nothing to train on, the second promoted its candidate, and the third's waits. MLflow and
git were not told of the third.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from errata.workspace import Workspace
from registry.models import ModelRegistry
from tests.made_up_record import chapters, correction, talk

TALKS = [talk(f"t{number}", channel=f"c{number % 3}") for number in range(6)]
TAUGHT = TALKS[0]
ITEMS = len(TALKS)
METRICS = ("precision", "recall", "tiou", "count_error", "precision_3s", "recall_3s", "precision_5s", "recall_5s",
           "precision_10s", "recall_10s", "title_exact", "title_caseless", "title_f1", "title_similarity", "soda_d",
           "cider", "pk", "windowdiff", "boundary_similarity")  # fmt: skip
PARAMS = """\
# The pipeline's parameters. `dvc repro` redoes what a change touches, and nothing else.
curate: {reviewer_share: 0.5, probation_share: 0.1}
augment: {share: 0.2, seed: 7}
mix: {replay: 1.0, least: 20, seed: 7}
train:
  backend: transformers
  method: lora
  start: champion
  rank: 16
  alpha: 32
  learning_rate: 3.0e-3
  epochs: 4
  max_steps: 200
  batch: 1
  border_weight: 2.0
  warmup: 0.1
  seed: 7
evaluate: {seed: 7, vintage_items: 20, vintages: 16}
judges:
  budget: {calls: 5000, tokens: 5000000}
  unlabelled: 200
  panel: []
gate: {preset: small}
export: {targets: [server], device: int8}
"""
KNOWN_ERROR = "Known error of the preset small: A candidate that is no better passes in 3.6 to 5.9 of 100 tests."


class OldWorkspace:
    def __init__(self, root: Path) -> None:
        root.mkdir()
        subprocess.run(["git", "init", "--quiet", "."], cwd=root, check=True)
        files = {"errata.toml": "", "params.yaml": PARAMS, ".gitignore": "*.db*\n/blobs/\n/models/\n"}
        for name, text in files.items():
            (root / name).write_text(text)
        self.place = Workspace.find(root)
        self.place.record.migrate()
        self.marks = self._record()
        self._sign_as_before()
        self.day0 = self._model("day0", [])
        self.second = self._model("second", [TAUGHT.hash], base=self.day0)
        self.third = self._model("third", [TAUGHT.hash, "b" * 64], base=self.day0)
        self.server = self._model("server of second", [])
        self._register()
        self._bootstrap()
        self.promoting = self._night("day-2", self.second, self.day0, "promote")
        self.waiting = self._night("day-3", self.third, self.second, "underpowered")
        self._moves()
        (self.place.nights / "day-3" / "published").unlink()
        data = root / "data" / "snapshot"
        data.mkdir(parents=True)
        (data / "manifest.json").write_text(dumped(self._manifest()))
        (root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
        self.place.commit("Night day-2: promote")

    def _record(self) -> list[int]:
        """The watermarks of three nights of two corrections each, after none."""
        marks = [0]
        for day in range(3):
            with self.place.record.write() as store:
                for number in (2 * day, 2 * day + 1):
                    seq = store.transcripts.add(TALKS[number], "train").seq
                    store.corrections.add(correction(seq, chapters(0, 30), "ann"))
                marks.append(store.watermark())
        return marks

    def _sign_as_before(self) -> None:
        """With sketches of another form, under other keys."""
        with closing(sqlite3.connect(self.place.root / "errata.db")) as connection:
            connection.execute("UPDATE transcripts SET signature = zeroblob(444)")
            connection.execute("UPDATE leak_bands SET band = -band")
            connection.commit()

    def _model(self, name: str, seen: list[str], base: str = "") -> str:
        """Sealed as it was then: what it has seen lies in `seen.json`."""
        header = json.dumps({"__metadata__": {"name": name}}).encode()
        card = {"template": "inline", "context": 1536, "form": "adapter" if base else "full", "base": base}
        card |= {"training_watermark": self.marks[1] if base else 0}
        files = {
            "model.safetensors": len(header).to_bytes(8, "little") + header,
            "errata.json": dumped(card).encode(),
            "seen.json": dumped(seen).encode(),
        }
        listed = {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()}
        plain = json.dumps(listed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        identity = sha256(plain.encode()).hexdigest()
        folder = self.place.models / identity[:16]
        folder.mkdir(parents=True)
        for file, data in {**files, "manifest.json": dumped(listed).encode()}.items():
            (folder / file).write_bytes(data)
        return identity

    def _register(self) -> None:
        registry = ModelRegistry.of(self.place)
        run = registry.runs.open_night("day0")
        for identity in (self.day0, self.second, self.third, self.server):
            registry.register(self.place.models / identity[:16], identity, {"errata.artefact": "model"}, run)
        registry.runs.close(run)

    # nights ----------------------------------------------------------------------------------------------------------

    def _bootstrap(self) -> None:
        reason = "0 training rows, and at least 20 are wanted (mix.least)"
        outcome = {"night": "day-1", "verdict": "bootstrap", "reason": reason, "new_corrections": 2, "fresh_items": 6}
        outcome |= {"equal_split_f1": 20.0, "means": {"day0": mean(60.0), "champion": mean(60.0)}}
        outcome |= {"champion": self.day0, "candidate": "", "promoted": "", "decisions": []}
        self._files("day-1", {"day0": self.day0}, [])
        (self.place.nights / "day-1" / "nothing.json").write_text(dumped({"reason": reason}))
        self._row("day-1", outcome)

    def _night(self, label: str, candidate: str, champion: str, verdict: str) -> Path:
        """A night with a candidate; returns its evidence record."""
        folder = self.place.nights / label
        contender = {
            "name": "candidate",
            "model": candidate,
            "watermark": self._watermarks(label)[0],
            "primary": compared(5.0),
            "against_day0": compared(5.0),
            "guardrails": {"anchor": compared(1.0), "day0_retention": compared(0.0), "parsable": compared(0.0)},
            "more_guardrails": {"best_anchor": compared(1.0), "slice_short": compared(5.0)},
        }
        models = {"day0": self.day0, "champion": champion, "candidate": candidate}
        self._files(label, models, [contender])
        parity = {
            "server": {
                "model": self.server,
                "size": 5191302,
                "f1": compared(0.0),
                "agreement": {"answers": 100.0, "starts": 100.0, "titles": 97.2},
            }
        }
        (folder / "parity.json").write_text(dumped(parity))
        (folder / "judges.json").write_text(dumped(judges(label)))
        decision = old_decision(verdict)
        evidence = {
            "night": label,
            "candidate": candidate,
            "champion": champion,
            "day0": self.day0,
            "exports": {"server": self.server},
            "training_watermark": self._watermarks(label)[0],
            "gate_watermark": self._watermarks(label)[1],
            "policy": "small",
            "gate": {
                "primary": compared(5.0),
                "guardrails": [
                    {
                        "name": "anchor",
                        "effect": 1.0,
                        "bound": -1.5,
                        "n": ITEMS,
                        "margin": 3.0,
                        "required": False,
                        "unit": "points of F1",
                    }
                ],
                "faults": [],
                "powered": None,
                "notes": [],
                "nights": 1,
            },
            "decision": decision,
            "scores": {
                name: sha256((folder / name).read_bytes()).hexdigest() for name in ("items.parquet", "evaluation.json")
            },
            "parity": parity,
        }
        name = sha256(dumped(evidence).encode()).hexdigest()
        (folder / f"{name}.json").write_text(dumped(evidence))
        promoted = verdict == "promote"
        outcome = {
            "night": label,
            "verdict": verdict,
            "reason": decision["reasons"][0],
            "new_corrections": 2,
            "fresh_items": ITEMS,
            "equal_split_f1": 20.0,
            "means": {"day0": mean(60.0), "champion": mean(60.0), "candidate": mean(65.0)},
            "champion": champion,
            "candidate": candidate,
            "promoted": candidate if promoted else "",
            "decisions": [
                {"name": "candidate", "model": candidate, "promoted": promoted, "evidence": name, **decision}
            ],
            **{key: compared(5.0)[key] for key in ("effect", "low", "high", "p_value", "n")},
            "needs": decision["needs"],
            "evidence": f"nights/{label}/{name}.json",
        }
        self._row(label, outcome)
        return folder / f"{name}.json"

    def _files(self, label: str, models: dict[str, str], contenders: list[dict[str, Any]]) -> None:
        """What every night left in its folder."""
        folder = self.place.nights / label
        folder.mkdir(parents=True)
        training, gate = self._watermarks(label)
        evaluation = {
            "night": label,
            "fresh_items": ITEMS,
            "accepted": 1,
            "equal_split_f1": 20.0,
            "means": {name: mean(60.0) for name in models},
            "contenders": contenders,
        }
        for name, value in {
            "evaluation.json": evaluation,
            "manifest.json": self._manifest(),
            "curated.json": {"kept": 2, "left_out": {"its leak group is held out": 1}},
            "mix.json": {"examples": 2, "labels": 80, "left_out": 0, "new": 2, "replayed": 0, "tokens": 900},
            "train.json": {"loss": [2.8, 1.9, 1.2], "steps": 3},
            "took.json": {"attempts": 1, "seconds": 91.9, "cpu_seconds": 90.2},
        }.items():
            (folder / name).write_text(dumped(value))
        (folder / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
        (folder / "published").touch()
        night = {"label": label, "training_watermark": training, "gate_watermark": gate, "day0": self.day0}
        night |= {"champion": models.get("champion", self.day0), "champion_watermark": 0, "challenger": ""}
        night |= {"challenger_watermark": 0, "code": "1406a6d11ad17ca2"}
        (folder / "night.yaml").write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in night.items()))
        rows = [self._item(label, name, model, at) for name, model in models.items() for at in range(ITEMS)]
        pq.write_table(pa.Table.from_pylist(rows), folder / "items.parquet")

    def _item(self, label: str, name: str, model: str, at: int) -> dict[str, Any]:
        answer = [{"start": 0.0, "title": "Part 1"}, {"start": 30.0, "title": "Part 2"}]
        f1 = 60.0 + at + 5 * (name == "candidate")
        with self.place.record.read() as store:
            transcript = store.transcripts.find(f"t{at}")
        row = {"night": label, "part": "fresh", "name": name, "model": model, "transcript": transcript}
        row |= {"external_id": f"t{at}", "channel": TALKS[at].channel, "length": "short", "correction": transcript + 1}
        row |= {"kind": "edit", "reviewer": "ann", "f1": f1, **dict.fromkeys(METRICS, 50.0), "equal_split_f1": 20.0}
        return row | {"reference": json.dumps(answer), "prediction": json.dumps(answer[:1]), "problems": []}

    def _manifest(self) -> dict[str, Any]:
        shard = {"sha256": "3726c6c081968b9d", "rows": 2, "after": 0, "upto": self.marks[1]}
        return {"watermark": self.marks[1], "shards": [shard], "probation": []}

    def _watermarks(self, label: str) -> tuple[int, int]:
        number = int(label[-1])
        return self.marks[number - 1], self.marks[number]

    # the record's own tables -----------------------------------------------------------------------------------------

    def _row(self, label: str, outcome: dict[str, Any]) -> None:
        values = (label, *self._watermarks(label), outcome["verdict"], json.dumps(outcome))
        self._execute(
            "INSERT INTO nights (label, training_watermark, gate_watermark, finished, verdict, outcome) "
            "VALUES (?, ?, ?, 1, ?, ?)",
            values,
        )

    def _moves(self) -> None:
        promoted, waits = self.promoting.stem, self.waiting.stem
        moves = (
            ("day0", self.day0, None, "day0", None, None, "init", 1),
            ("champion", self.day0, None, "day0", None, None, "init", 1),
            ("champion", self.second, self.day0, "promote", "day-2", promoted, "gate", 1),
            ("server", self.server, None, "promote", "day-2", promoted, "gate", 1),
            ("challenger", self.third, None, "waits", "day-3", waits, "gate", 0),
        )
        for move in moves:
            self._execute(
                'INSERT INTO promotions (at, alias, model, previous, reason, night, evidence, "by", applied) '
                "VALUES ('2026-03-01 02:00:00.000000', ?, ?, ?, ?, ?, ?, ?, ?)",
                move,
            )

    def _execute(self, statement: str, values: tuple[Any, ...]) -> None:
        with sqlite3.connect(self.place.root / "errata.db") as connection:
            connection.execute(statement, values)


def dumped(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def mean(f1: float) -> dict[str, Any]:
    return {"n": ITEMS, "f1": f1, "low": f1 - 4, "high": f1 + 4, **dict.fromkeys(METRICS, 50.0)}


def compared(effect: float) -> dict[str, Any]:
    """A comparison as `statistics.Comparison.as_json` wrote it."""
    values = {"n": ITEMS, "clusters": 3, "mean_new": 60.0 + effect, "mean_old": 60.0, "effect": effect}
    values |= {"low": effect - 2.5, "high": effect + 2.5, "p_value": 0.02, "se": 1.5, "sd": 3.5, "mde": 4.2}
    return values | {"needed": 20, "effective_clusters": 3.0, "jackknife_se": 1.5}


def old_decision(verdict: str) -> dict[str, Any]:
    """The gate's, in sentences."""
    first = "It is better on fresh items." if verdict == "promote" else "6 items would only show a gain of 6.2 points."
    return {
        "verdict": verdict,
        "reasons": [
            first,
            "Against the champion: +5.0 points of F1 (90 % interval +2.5 to +7.5, p = 0.02) on 6 fresh items.",
            "anchor: passed, +1.0 points of F1 and at worst -1.5 on 6 items; -3.0 is allowed.",
            KNOWN_ERROR,
        ],
        "needs": None if verdict == "promote" else 520,
        "look": {"items": 6.0, "design_effect": 1.0, "level": 0.05, "mde": 6.2, "low": None, "high": None},
        "test": None,
        "final": False,
    }


def judges(label: str) -> dict[str, Any]:
    """Of one judge, who has a say alone."""
    estimate = {"n": 48, "clusters": 6, "value": 0.92, "low": 0.79, "high": 1.0}
    spent = {"calls": 64, "tokens": 48210, "cached": 12}
    judge = {
        "name": "ada",
        "family": "one",
        "model": "ada-7b",
        "identity": "ada" * 16,
        "served": ["ada-7b"],
        "agreement": {"kappa": estimate, "alpha": estimate, "right": 46, "wrong": 2},
        "swap": {"consistency": estimate, "first": 0.525},
        "length": {"n": 8, "lean": 0.25},
        "style": {"n": 8, "lean": -0.125},
        "style_left": 0.0,
        "drift": {"n": 32, "right": 30, "since": "2026-02-01", "changed": 1},
        "injection": {"n": 24, "obeyed": 0},
        "unanswered": 0,
        "differences": estimate,
        "say": True,
        "why": ["It agrees with reviewers: weighted kappa 0.92 on 48 corrections."],
        "quotes": None,
        "missing": {},
    }
    items = [{"transcript": 1, "cluster": "c0", "difference": 1.0, "judges": {"ada": 1}, "human": 5.0}]
    verdict = {"mean": 0.37, "low": 0.07, "high": 0.69, "se": 0.18, "clusters": 3, "wins": 1, "ties": 0, "losses": 0}
    return {
        "night": label,
        "judges": [judge | spent],
        "say": True,
        "why": "1 of 1 judges, of 1 families, have a say.",
        "n": 1,
        "items": items,
        "missing": [],
        "verdict": verdict,
        "differences": estimate,
        "alpha": estimate,
        "unlabelled": {"drawn": 0, "n": 0, "why": "The preset small decides without judges."},
        "rubric": {},
        "complete": True,
        **spent,
    }
