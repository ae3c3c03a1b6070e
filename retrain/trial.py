"""A model that is trained to be scored and thrown away: by the same steps as a night's candidate, from given rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from errata.documents.params import AugmentParams, MixParams, Recipe
from errata.inference.artefact import Card, Sense, model_folder, model_parts
from errata.inference.chapter_task import chapter_task
from errata.inference.sensed_frames import features_beside
from errata.inference.tokenizer import load_tokenizer
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.templates.borders import Borders
from retrain.altered_copies import augment
from retrain.chapter_lengths import lengths_of
from retrain.mix import Learned, encode_rows, mix
from retrain.row_index import index_of
from retrain.saving import save
from retrain.seen_rows import VectorsById
from retrain.taught_rows import TaughtRow, write_taught_rows
from retrain.train import start_from
from retrain.trainer import train
from retrain.training_rows import TrainingRow


@dataclass(frozen=True, slots=True)
class Trial:
    """What all variants of a trial have in common."""

    rows: Sequence[TrainingRow]
    """As curated."""
    start: str
    """Identity of the model to go on from,"""
    since: int
    """the watermark up to which it was trained,"""
    seen: frozenset[str]
    """and the transcripts, by hash, that it has seen."""
    champion: str
    """Whose answers an objective may compare with."""
    mix: MixParams
    models: Path
    template: str = ""
    """By which the model is taught and asked; empty for its own."""
    rate: float | None = None
    """Pictures a second that it is shown; None: as many as the starting model."""
    vectors: VectorsById = field(default_factory=dict)
    """What there is to see and hear of the rows' recordings."""

    @property
    def own_template(self) -> str:
        """That of the model to go on from."""
        return Card.read(model_folder(self.start, self.models)).template

    def examples(self, augmentation: AugmentParams, recipe: Recipe) -> tuple[list[TaughtRow], int]:
        """What is learnt from, and how many of its rows are altered copies."""
        rows = augment(self.rows, augmentation)
        mixture = mix(index_of(rows, self.mix.seed), Learned(self.since, self.seen), self.mix)
        drawn = [rows[place] for place in mixture.rows["place"].to_pylist()]
        taught, _ = encode_rows(drawn, self._task(), recipe.objective == "sft+dpo", self.vectors)
        return taught, sum(bool(row.altered) for row in drawn)

    def _task(self) -> ChapterTask:
        folder = model_folder(self.start, self.models)
        base, _ = model_parts(folder, self.models)
        return chapter_task(self._asked(Card.read(folder)), load_tokenizer(base), features_beside(self.models))

    def _asked(self, card: Card) -> Card:
        return replace(
            card,
            template=self.template or card.template,
            senses=tuple(at_rate(sense, self.rate) for sense in card.senses),
        )

    def train(self, examples: Sequence[TaughtRow], recipe: Recipe, room: Path) -> Path:
        """The folder, in `room`, of a sealed model that was trained on `examples`."""
        table, out = room / "train.parquet", room / "model"
        out.mkdir(exist_ok=True)
        write_taught_rows(table, examples)
        start, made = start_from(self.start, recipe, self.models)
        card = self._dividing(self._asked(made))
        champion, _ = start_from(self.champion, recipe, self.models)
        model, _ = train(table, start, recipe, card, room / "checkpoints", champion)
        save(model, out, card, {"ancestor": self.start, "method": recipe.method}, start.base)
        return out

    def _dividing(self, card: Card) -> Card:
        """By chapters as long as those of the rows, as a night's candidate is, where the template divides."""
        if not isinstance(templates.find(card.template), Borders):
            return card
        lengths = lengths_of((row.read_transcript(), row.read_chapters()) for row in self.rows)
        return replace(card, lengths=lengths or card.lengths)


def at_rate(sense: Sense, rate: float | None) -> Sense:
    """The sense with `rate` pictures a second; of sound it is as it was, and without a rate."""
    return sense if rate is None or sense.modality != "video" else replace(sense, rate=rate)
