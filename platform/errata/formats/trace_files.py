"""Files of traces, in whichever of the shapes each row is: OpenTelemetry's, or Langfuse's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from errata.errors import BadInput
from errata.formats import langfuse, otlp
from errata.formats.row_files import json_rows
from errata.formats.source_rows import DetectedFile, Rejected, SourceRow
from errata.formats.trace_rows import TracedCall

_SHAPES = (otlp, langfuse)


def traced_calls(path: Path) -> DetectedFile[TracedCall]:
    """Raises BadInput, at once, where the file can't be read, or no row of it is a trace."""
    rows = list(json_rows(path))
    if not any(shape.fits(row.raw) for row in rows for shape in _SHAPES):
        raise BadInput(
            "{} holds no traces that can be read; accepted are OpenTelemetry's OTLP as JSON lines (resourceSpans) and "
            "Langfuse's observations as JSON lines (traceId, type, input, output)",
            path,
        )
    return DetectedFile(path, "traces", _calls(rows))


def _calls(rows: list[SourceRow | Rejected]) -> Iterator[TracedCall | Rejected]:
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        shape = next((shape for shape in _SHAPES if shape.fits(row.raw)), None)
        if shape is None:
            yield row.reject(BadInput("it is neither an OTLP export (resourceSpans) nor a Langfuse observation"))
        else:
            yield from shape.calls(row)
