"""A folder of transcripts, read file by file in order of name.

Of several files with one name (`talk.json`, `talk.vtt`) the format that stands first in `FORMATS` comes first, and what
says the same words is the same talk. Captions that yt-dlp downloaded belong to their info file, chapters and sound to
the transcript of their name; hidden files, and those called LICENSE or README, or which Windows puts into folders, are
none. What is left and can't be placed is rejected. Folders inside are not entered, but for those of chapter-llama's
data; they are counted as left out, and so are corrections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from errata.domain.chapter import Chapters
from errata.domain.twins import text_hash
from errata.errors import BadInput
from errata.formats import chapter_lists, chapter_llama, ytdlp
from errata.formats.kinds import ACCEPTED, CHAPTERED, CHAPTERS, CORRECTIONS, FORMATS, TEXTUAL, Results, UnknownFormat
from errata.formats.path_kind import path_kind
from errata.formats.source_rows import ImportedTranscript, LeftOut, Rejected, SourceRow

_NOTICES = ("license*", "licence*", "readme*", ".*", "thumbs.db", "desktop.ini")
_UNPLACED = ""


class File(NamedTuple):
    path: Path
    kind: str
    problem: BadInput | None = None
    """Why it can't be placed; it has no kind then."""
    beside: tuple[Path, ...] = ()
    """What yt-dlp wrote beside an info file."""


class FolderPlan(NamedTuple):
    """What a folder is read as."""

    data_set: bool
    """Whether it holds chapter-llama's files, which are read together."""
    files: list[File]
    """The others, in order of reading: transcripts, and what can't be placed."""
    left_out: tuple[LeftOut, ...] = ()
    """Corrections, and the folders inside."""


def plan(folder: Path, name: str = "auto") -> FolderPlan:
    """`name` as in `detect.transcripts`; only files that are called as its files are count then.

    Raises BadInput when there is nothing to read.
    """
    files, inner = _entries(folder)
    contents = _plan_by_content(folder, files) if name == "auto" else _plan_by_name(files, name)
    inner = [place for place in inner if not (contents.data_set and place.name in ("chapters", "asrs"))]
    if not contents.data_set and not any(file.kind in FORMATS for file in contents.files):
        wanted = f"is in no format that can be read; {ACCEPTED}"
        hint = f"; the folders in it, such as {inner[0].name}, are not entered: name one of them" if inner else ""
        hint = f"{_why_unread(contents.files)}{hint}" if files else f"; it has no files{hint}"
        raise BadInput(
            f"{folder} {wanted if name == 'auto' else f'has no {FORMATS[name].files}; put them there'}{hint}"
        )
    below = (_left_out(place, "not entered (folders inside)") for place in inner)
    return contents._replace(left_out=(*contents.left_out, *below))


def _why_unread(files: list[File]) -> str:
    """What is wrong with the first file that is in a known format and broken; nothing where none is."""
    problems = (file.problem for file in files if file.problem is not None)
    return next((f"; of its files, {problem}" for problem in problems if not isinstance(problem, UnknownFormat)), "")


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files and the folders in it that may count. Raises BadInput."""
    try:
        entries = [entry for entry in sorted(folder.iterdir()) if not _is_called(entry, _NOTICES)]
    except OSError as problem:
        raise BadInput(f"{folder} can't be read ({problem.strerror}); check the path") from problem
    files = [entry for entry in entries if not entry.is_dir()]  # a link to nowhere is told of too, and a pipe
    return files, [entry for entry in entries if entry.is_dir()]


def _left_out(path: Path, why: str) -> LeftOut:
    return LeftOut(str(path), path.name, why, None)


def read(folder: Path, planned: FolderPlan, asr: Path | None) -> Results:
    """`asr` as in `chapter_llama.read`. Raises BadInput when the folder can't be read as a whole."""
    if asr is not None and not planned.data_set:
        raise BadInput(f"{folder} has no chapter-llama files, to which a speech file could belong; leave {asr} out")
    if planned.data_set and not planned.files:
        return chain(chapter_llama.read(folder, asr), planned.left_out)
    together = [_rejecting(folder, lambda: chapter_llama.read(folder, asr))] if planned.data_set else []
    results = chain(*together, chain.from_iterable(map(_results, planned.files)))
    return chain(_once(results), planned.left_out)


def _is_called(file: Path, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(file.name.lower(), pattern) for pattern in patterns)


def _plan_by_name(files: list[Path], name: str) -> FolderPlan:
    if name == "chapter-llama":
        return FolderPlan(True, [])
    families = ytdlp.families(files)
    called = [_look_at(file, families) for file in files if fnmatch(file.name.lower(), FORMATS[name].files)]
    return FolderPlan(False, [file._replace(kind=name) for file in called if file.kind != CHAPTERS])


def _plan_by_content(folder: Path, files: list[Path]) -> FolderPlan:
    families = ytdlp.families(files)
    belonging = set(chain.from_iterable(families.values()))
    own = [file for file in files if file not in belonging]
    speech = [file for file in own if _is_called(file, chapter_llama.SPEECH)]
    looked = [_look_at(file, families) for file in own if not _is_called(file, chapter_llama.SPEECH)]
    below = [_look_at(file, families) for file in sorted((folder / "chapters").glob("*"))]
    spoken = speech or any(_is_called(file, chapter_llama.SPEECH) for file in (folder / "asrs").glob("*"))
    if any(file.kind == "chapter-llama" or spoken for file in (*looked, *below) if _is_metadata(file)):
        return _plan(True, [file for file in looked if not _is_metadata(file)])
    return _plan(False, [*looked, *(_look_at(file, families) for file in speech)])


def _plan(data_set: bool, files: list[File]) -> FolderPlan:
    corrections = (_left_out(file.path, "left for `import corrections`") for file in files if file.kind == CORRECTIONS)
    return FolderPlan(data_set, sorted(_transcripts(files), key=_place), tuple(corrections))


def _is_metadata(file: File) -> bool:
    """A file that can't be read is what its name says."""
    return _is_called(file.path, chapter_llama.METADATA) and file.kind in ("chapter-llama", _UNPLACED)


def _look_at(file: Path, families: dict[Path, list[Path]]) -> File:
    beside = tuple(families.get(file, ()))
    try:
        return File(file, path_kind(file), None, beside)
    except BadInput as problem:
        return File(file, _UNPLACED, problem, beside)


def _transcripts(files: list[File]) -> list[File]:
    """The files that don't belong to another."""
    stems = {file.path.stem for file in files if file.kind in FORMATS}
    beside = [chapter_lists.beside(file.path) for file in files if file.kind in CHAPTERED]
    chapters = {lists[0] for lists in beside if lists}
    second = {file: lists[0] for lists in beside for file in lists[1:]}

    def belongs(file: File) -> bool:
        own = any(stem == file.path.stem or stem.startswith(f"{file.path.stem}.") for stem in stems)
        sound = file.kind == _UNPLACED and own and file.path.suffix.lower() not in TEXTUAL
        return sound or file.kind == CORRECTIONS or file.path in chapters

    return [_second_list(file, second) for file in files if not belongs(file)]


def _second_list(file: File, second: dict[Path, Path]) -> File:
    """A talk has one list of chapters; another beside it is told of by the one that counts."""
    if file.path not in second or file.kind not in (CHAPTERS, _UNPLACED):
        return file
    problem = BadInput(
        "its talk has the chapters of {}; remove one of the two, or bring this one in by `errata import corrections`",
        second[file.path].name,
    )
    return file._replace(kind=_UNPLACED, problem=problem)


def _place(file: File) -> tuple[str, int, str]:
    rank = list(FORMATS).index(file.kind) if file.kind in FORMATS else len(FORMATS)
    return file.path.stem, rank, file.path.name


def _results(file: File) -> Results:
    return _rejecting(file.path, lambda: _read(file))


def _read(file: File) -> Results:
    if file.kind == CHAPTERS:
        raise BadInput(
            "it holds chapters alone; put their transcript beside them, under the same name, or bring them in by "
            "`errata import corrections`"
        )
    if file.problem is not None:
        raise file.problem
    if file.kind == "yt-dlp":
        return ytdlp.read(file.path, beside=file.beside)
    return FORMATS[file.kind].read(file.path, None)


def _rejecting(path: Path, read_it: Callable[[], Results]) -> Results:
    """A file that can't be read at all comes out rejected: it doesn't stop its folder."""
    try:
        yield from read_it()
    except BadInput as problem:
        yield SourceRow(str(path), path.stem, None).reject(problem)


def _once(results: Iterable[ImportedTranscript | Rejected]) -> Results:
    """Of the talks that several files have under one id the first; the others are rejected unless they say no more."""
    first: dict[str, tuple[str, str, Chapters | None]] = {}
    for item in results:
        if isinstance(item, Rejected):
            yield item
            continue
        name, here = item.transcript.external_id, text_hash(item.transcript.text)
        file, words, reference = first.setdefault(name, (item.row.file, here, item.reference))
        if file == item.row.file:
            yield item
        elif words != here or (item.reference and item.reference != reference):
            again = BadInput("video {!r} stands a second time, first in {}; give this one its own id", name, file)
            yield item.row.reject(again)
