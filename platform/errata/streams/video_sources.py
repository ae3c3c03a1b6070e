"""Which videos somebody means: files, folders of them, a list of addresses, a playlist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.domain.names import printable
from errata.domain.video import KnownVideo
from errata.errors import BadInput, ErrataError
from errata.files import JsonObject
from errata.formats.json_files import read_map, read_text
from errata.formats.talk_names import INFO, talk_of
from errata.formats.video_ids import AUDIO, VIDEO
from errata.streams.downloads import videos_at

MEDIA = (*AUDIO, *VIDEO, ".ts", ".flv", ".3gp", ".mka", ".weba", ".ogv", ".wmv", ".m2ts", ".mts")
"""How files in a folder end that are recordings; one that is named may end as it likes."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A line of a list, or an address, that leads to no video."""

    place: str
    problem: str


def known_videos(sources: Sequence[str]) -> Iterator[KnownVideo | Unreachable]:
    """Each video that the sources name. Raises BadInput for a path that is not there, or a folder without recordings,
    before anything is looked at."""
    for source in sources:
        _check_source(source)
    for source in sources:
        yield from _of_list(Path(source)) if _is_list(source) else _of(source)


def is_address(source: str) -> bool:
    return "://" in source


def _is_list(source: str) -> bool:
    return not is_address(source) and source.lower().endswith(".txt")


def _check_source(source: str) -> None:
    if is_address(source):
        return
    path = Path(source)
    if not path.exists():
        raise BadInput("{} is not there; name a recording, a folder of them, a list (.txt), or an address", source)
    if path.is_dir() and not _recordings(path):
        raise BadInput("{} has no recordings ({} …); folders inside are not entered", source, ", ".join(MEDIA[:14]))


def _of_list(path: Path) -> Iterator[KnownVideo | Unreachable]:
    """A list has an address or a path a line; relative paths start from its own folder."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        place = entry if is_address(entry) else str(path.parent / entry)
        try:
            _check_source(place)
        except BadInput as problem:
            yield Unreachable(f"{path}, line {number}", str(problem))
            continue
        yield from _of(place)


def _of(source: str) -> Iterator[KnownVideo | Unreachable]:
    if is_address(source):
        try:
            yield from videos_at(source)
        except BadInput as problem:
            yield Unreachable(source, str(problem))
        return
    path = Path(source)
    for file in _recordings(path) if path.is_dir() else [path]:
        try:
            yield _of_file(file)
        except ErrataError as problem:
            yield Unreachable(printable(str(file)), str(problem))


def _recordings(folder: Path) -> list[Path]:
    return [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in MEDIA and not file.name.startswith(".") and not file.is_dir()
    ]


def _of_file(path: Path) -> KnownVideo:
    """What the info file beside a recording says of it, or its name. Raises BadInput for an info file that is none, and
    for a name that no database takes."""
    if printable(str(path)) != str(path):
        raise BadInput("its name is not UTF-8, or has characters that can't be shown; call the file otherwise")
    info = info_beside(path)
    said: JsonObject = read_map(info) if info else {}

    def text(*names: str) -> str:
        return next((value for name in names if isinstance(value := said.get(name), str) and value), "")

    duration = said.get("duration")
    return KnownVideo(
        external_id=talk_of(path),
        origin=str(path.resolve()),
        title=text("title"),
        channel=text("channel_id", "channel"),
        description=text("description"),
        language=text("language"),
        uploaded=text("upload_date"),
        duration=float(duration) if isinstance(duration, int | float) and duration > 0 else None,
    )


def info_beside(path: Path) -> Path | None:
    """yt-dlp's info file of a recording."""
    info = path.with_name(f"{path.stem}{INFO}")
    return info if info.is_file() else None
