"""What was said in a video into the record: a transcript like any other, and the end of its row in the manifest."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from errata.domain.media_address import media_address
from errata.domain.video import StageResult, Video
from errata.errors import BadInput
from errata.files import JsonObject, write_json
from errata.formats import ytdlp
from errata.formats.json_files import read_map
from errata.formats.source_rows import DetectedFile
from errata.operations.acquire_options import AcquireOptions
from errata.operations.importing import add_transcripts
from errata.operations.stream_chat import import_chat
from errata.operations.video_folder import VideoFolder, chat_file, recording_of
from errata.operations.video_stages import within_chat
from errata.streams.media_probe import MediaFacts
from errata.streams.video_sources import info_beside
from errata.workspace import Workspace


def import_video(workspace: Workspace, video: Video, options: AcquireOptions) -> None:
    """Of a video whose other stages are done. Raises BadInput for what no transcript may be, and StageFailed for a chat
    that is none of it."""
    folder = VideoFolder(workspace.root, video.number)
    write_json(folder.info, _info(video, folder, recording_of(workspace.root, video)))
    rows = ytdlp.read(folder.info)
    file = DetectedFile(Path(video.known.origin), "a recording", rows)
    report = add_transcripts(workspace.record, file, workspace.root / "rejects", options.role, options.source)
    if report.rejected:
        raise BadInput(report.reasons[0].reason)
    chat = _chat(workspace, video) if options.chat else None
    with workspace.record.write() as store:
        transcript = store.transcripts.find(video.known.external_id)
        if address := _media_address(video, options):
            store.transcripts.give_media(transcript, address)
        if chat is not None:
            store.videos.note(video.number, chat)
        store.videos.note(video.number, StageResult("import", "done", {"new": report.new == 1}, "errata"))
        store.videos.finish(video.number, transcript)


def _chat(workspace: Workspace, video: Video) -> StageResult | None:
    """Puts the chat of a stream beside its transcript; what its stage found, and what speaks against the log."""
    path = chat_file(workspace.root, video)
    if path is None:
        return None
    with within_chat():
        doubts = import_chat(workspace, path, video.known.external_id).doubts
    result = video.stages["chat"]
    return replace(result, found={**result.found, "doubts": [asdict(doubt) for doubt in doubts]})


def _info(video: Video, folder: VideoFolder, facts: MediaFacts) -> JsonObject:
    """All that is known of the video, as yt-dlp's info file says it: what was asked for has the last word on its id,
    and what was seen on its length."""
    known, info = video.known, folder.downloaded_info or info_beside(Path(facts.path))
    said: JsonObject = read_map(info) if info else {}
    return {
        "extractor": "errata",
        **said,
        "id": known.external_id,
        "webpage_url": known.origin,
        "title": said.get("title") or known.title or facts.title,
        "description": said.get("description") or known.description,
        "channel_id": said.get("channel_id") or said.get("channel") or known.channel or facts.artist,
        "duration": facts.duration,
    }


def _media_address(video: Video, options: AcquireOptions) -> str:
    if options.media_url:
        return media_address(options.media_url, video.known.external_id)
    download = video.found("download")
    return str(download["address"]) if download else ""
