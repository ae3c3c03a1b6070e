"""`items.parquet`: a row for each item and each model that answered it on a night."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from errata.documents.document import RESTORE
from errata.documents.metric_values import MessageValues
from errata.domain.chapter import Chapters, chapters_from_json
from errata.domain.clusters import cluster_name
from errata.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredItemRow(MessageValues):
    night: str
    part: str
    """What the item is for: `fresh`, `vintage`, `anchor` or `retention`."""
    name: str
    """What the model is tonight: `day0`, `champion`, `candidate`, `challenger` or `best`."""
    model: str
    transcript: int
    external_id: str
    channel: str
    length: str = ""
    """Of the talk, as a class; see `evaluation.items`."""
    correction: int
    kind: str
    """Of the correction that it is scored against."""
    reviewer: str
    draft_by: str | None = None
    """Whose draft the reviewer was shown; empty for nobody's, None where it is not known."""
    f1: float
    equal_split_f1: float | None
    """What chapters of equal length would score; None of a task that has no such floor."""
    reference: str
    """JSON of the right chapters, as they were scored against."""
    prediction: str
    """JSON of the answer's."""
    problems: tuple[str, ...] = ()
    """Why the answer could not be read whole."""

    @property
    def cluster(self) -> str:
        return cluster_name(self.channel, self.external_id)

    @property
    def reference_chapters(self) -> Chapters:
        return chapters_from_json(json.loads(self.reference))

    @property
    def predicted_chapters(self) -> Chapters:
        return chapters_from_json(json.loads(self.prediction))


PARTS = ("fresh", "anchor", "retention")
"""Those of tonight; `vintage` rows are of earlier nights' items."""


def rows_of(rows: Sequence[ScoredItemRow], name: str) -> dict[int, ScoredItemRow]:
    """The rows of who is called `name` tonight, by transcript.

    A model is scored once: until the first promotion, Day-0's rows are the champion's.
    """
    own = {row.transcript: row for row in rows if row.name == name and row.part in PARTS}
    return rows_of(rows, "day0") if name == "champion" and not own else own


def write_scored_items(path: Path, rows: Iterable[ScoredItemRow]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows]), path, compression="zstd")


def read_scored_items(path: Path, transcript: int | None = None) -> list[ScoredItemRow]:
    """All rows, or those of one transcript. Raises BadInput where a column is missing, or the file can't be read."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"{path} can't be read ({' '.join(str(error).split())}); {RESTORE}") from error
    columns = {field.name: field for field in fields(ScoredItemRow)}
    for name, field in columns.items():
        # a night on which nothing was scored wrote a table without columns
        if table.num_rows and name not in table.column_names and field.default is MISSING:
            raise BadInput(f"{path} has no column {name!r}; {RESTORE}")
    if transcript is not None and table.num_rows:
        table = table.filter(pc.field("transcript") == transcript)
    rows = table.select([name for name in columns if name in table.column_names]).to_pylist()
    # Parquet has lists for tuples, and null where no row has a problem
    return [ScoredItemRow(**{**row, "problems": tuple(row.get("problems") or ())}) for row in rows]
