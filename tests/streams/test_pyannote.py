"""pyannote.audio itself tells two voices apart: its pipeline, from a folder, with weights that anybody may have.

How voices are parted is told by what WhisperX's wheel carries, a network of pyannote's that was trained for it; what a
voice sounds like by Resemblyzer's.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from errata.errors import Unavailable
from errata.operations.video_manifest import manifest
from errata.streams.audio_track import extract_audio
from errata.streams.media_probe import probe
from errata.streams.pyannote_speakers import PyannoteSpeakers
from errata.workspace import Workspace
from tests.streams.conftest import Acquire
from tests.streams.recordings import need_modules

pytestmark = pytest.mark.slow

CAPTIONS = """WEBVTT

00:00:00.200 --> 00:00:04.000
good morning

00:00:08.500 --> 00:00:13.000
the engineers used a lot of steel

00:00:17.500 --> 00:00:20.500
thank you
"""
CONFIGURATION = """
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: AgglomerativeClustering
    segmentation: $model/segmentation
    embedding: $model/embedding
    plda: $model/plda
    segmentation_step: 0.2
params:
  segmentation: {threshold: 0.5, min_duration_off: 0.0}
  clustering: {method: average, threshold: 0.35, min_cluster_size: 2}
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_modules("pyannote", "whisperx", "resemblyzer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYANNOTE_METRICS_ENABLED", "false")
        try:
            from tests.streams.voice_network import save_voice_network
        except (ImportError, OSError) as error:  # a torchaudio that doesn't fit torch
            pytest.skip(f"pyannote.audio can't be imported here: {error}")
    whisperx = importlib.util.find_spec("whisperx")
    assert whisperx is not None and whisperx.origin is not None
    folder = tmp_path_factory.mktemp("pipeline")
    for part in ("segmentation", "embedding", "plda"):
        (folder / part).mkdir()
    weights = Path(whisperx.origin).parent / "assets/pytorch_model.bin"
    shutil.copyfile(weights, folder / "segmentation/pytorch_model.bin")
    save_voice_network(folder / "embedding/pytorch_model.bin")
    parting = np.eye(256, 128)  # it is loaded, and this clustering doesn't use it
    np.savez(folder / "plda/xvec_transform.npz", mean1=np.zeros(256), mean2=np.zeros(128), lda=parting)
    np.savez(folder / "plda/plda.npz", mu=np.zeros(128), tr=np.eye(128), psi=np.linspace(2, 1, 128))
    (folder / "config.yaml").write_text(CONFIGURATION)
    return folder


def test_its_turns_meet_the_lines(
    workspace: Workspace, talk: Path, take: Acquire, pipeline: Path, tmp_path: Path
) -> None:
    shutil.copyfile(talk, tmp_path / "bridge.mp4")
    (tmp_path / "bridge.vtt").write_text(CAPTIONS)
    report = take(tmp_path / "bridge.mp4", speakers=True, speakers_by=str(pipeline))
    assert (report.failed, report.acquired) == ((), 1)
    with workspace.record.read() as store:
        transcript = store.transcripts.read(store.transcripts.find("bridge"))
    assert [segment.speaker for segment in transcript.segments] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]
    stage, version = manifest(workspace)[0].video.stages["speakers"], importlib.metadata.version("pyannote.audio")
    assert stage.found == {"speakers": 2}
    assert (stage.tool, stage.version) == ("pyannote.audio", f"{version}, {pipeline.name}")


def test_what_is_no_pipeline_or_cannot_be_had_is_one_sentence(pipeline: Path, talk: Path, tmp_path: Path) -> None:
    track = extract_audio(probe(talk), tmp_path / "audio.wav")
    with pytest.raises(Unavailable, match=r"is no pipeline of pyannote\.audio's .*; name a folder with its config"):
        PyannoteSpeakers(str(tmp_path)).turns([], track)
    (tmp_path / "config.yaml").write_text("pipeline: [")
    with pytest.raises(Unavailable, match=r"is no pipeline of pyannote\.audio's"):
        PyannoteSpeakers(str(tmp_path)).turns([], track)
    with pytest.raises(
        Unavailable, match=r"accept their licence at https://hf\.co/pyannote/speaker-diarization-commun"
    ):
        PyannoteSpeakers().turns([], track)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pyannote.audio", None)  # as where torchaudio can't be imported
        with pytest.raises(Unavailable, match="see that torchaudio is built as torch is"):
            PyannoteSpeakers(str(pipeline)).turns([], track)
