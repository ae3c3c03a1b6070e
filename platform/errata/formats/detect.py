"""Transcripts of whichever format a path holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from errata.errors import BadInput
from errata.formats import folder
from errata.formats.kinds import CHAPTERED, CHAPTERS, CORRECTIONS, FORMATS, Results, label
from errata.formats.path_kind import path_kind
from errata.formats.source_rows import DetectedFile, ImportedTranscript

AUTO = "auto"


def transcripts(path: Path, asr: Path | None = None, name: str = AUTO) -> DetectedFile[ImportedTranscript]:
    """Reads a file or a folder in the format that it is found to be in, or in the one of `FORMATS` that is named.

    `asr` is what belongs to the path and lies elsewhere: the speech, as in `chapter_llama.read`; the captions of an
    info file; the transcript of a list of chapters. Raises BadInput when the path as a whole can't be read.
    """
    _check(path, name)
    if path.is_dir():
        plan = folder.plan(path, name)
        return DetectedFile(path, _describe(plan), folder.read(path, plan, asr))
    format_name = _format_of(path) if name == AUTO else name
    return DetectedFile(path, label(format_name), _rows(path, format_name, asr))


def _rows(path: Path, format_name: str, asr: Path | None) -> Results:
    if format_name == CHAPTERS:
        return _read_with_chapters(path, asr)
    if asr is not None and format_name not in ("chapter-llama", "yt-dlp"):
        raise BadInput(f"{path} is {label(format_name)} and has no speech file; leave {asr} out")
    return FORMATS[format_name].read(path, asr)


def _describe(plan: folder.FolderPlan) -> str:
    """What a folder is taken for, such as "WebVTT (2 files), Whisper JSON (1 file)"."""
    counts = Counter(label(file.kind) or "no known format" for file in plan.files)
    parts = [f"{what} ({count} file{'s' if count > 1 else ''})" for what, count in counts.items()]
    return ", ".join([label("chapter-llama")] * plan.data_set + parts)


def _check(path: Path, name: str) -> None:
    if name != AUTO and name not in FORMATS:
        raise BadInput(f"{name!r} is no format; name {AUTO}, or one of {', '.join(FORMATS)}")
    try:
        path.stat()
    except OSError as problem:
        missing = isinstance(problem, FileNotFoundError | NotADirectoryError)
        why = "is not there" if missing else f"can't be read ({problem.strerror})"
        raise BadInput(f"{path} {why}; check the path") from problem


def _format_of(path: Path) -> str:
    format_name = path_kind(path)
    if format_name == CORRECTIONS:
        raise BadInput(f"{path} holds corrections; import it with `errata import corrections`")
    return format_name


def _read_with_chapters(path: Path, transcript: Path | None) -> Results:
    if transcript is None:
        raise BadInput(
            f"{path} holds chapters alone; name their transcript, or bring them in by `errata import corrections`, "
            "or with their transcript by `errata import transcripts --asr`"
        )
    format_name = _format_of(transcript)
    if format_name not in CHAPTERED:
        raise BadInput(f"{transcript} is {label(format_name)}, to which no list of chapters belongs; name another file")
    return FORMATS[format_name].read(transcript, path)
