"""Vectors of pixels and samples: real clips through ffmpeg, each vector from what lies before its time, kept and found
again."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput, NotFound, Unavailable
from errata.features.decoded_media import SAMPLE_RATE, pictures, sound
from errata.features.extractor import Extractor, extract
from errata.features.extractors import find_extractor
from errata.features.extractors.vggish import VggishNetwork
from errata.features.feature_store import Features, FeatureStore, feature_key
from errata.features.mel_spectrogram import HOP, WINDOW, known_at, log_mel, mel_filters
from errata.features.network_weights import load_weights
from tests.command_line import in_this_process

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")

COLOURS = {"red": (254, 0, 0), "lime": (0, 255, 1), "blue": (0, 0, 254)}


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, without loss: red, from 1.2 s lime, from 2.5 s blue; a tone of 440 Hz, from 2 s on 2,000 Hz."""
    path = tmp_path_factory.mktemp("clips") / "clip: one.mkv"
    scenes = [("red", 1.2), ("lime", 1.3), ("blue", 1.5)]
    inputs = [f"-f lavfi -i color={colour}:s=320x240:r=10:d={length}".split() for colour, length in scenes]
    tones = [f"-f lavfi -i sine={frequency}:r=16000:d=2".split() for frequency in (440, 2000)]
    joined = "[0][1][2]concat=n=3[v];[3][4]concat=n=2:v=0:a=1[a]"
    coded = ["-c:v", "ffv1", "-pix_fmt", "bgr0", "-c:a", "pcm_s16le"]
    words = [word for part in (*inputs, *tones) for word in part]
    ffmpeg(*words, "-filter_complex", joined, "-map", "[v]", "-map", "[a]", *coded, f"file:{path}")
    return path


@pytest.fixture(scope="module")
def beginning(clip: Path) -> Path:
    """Its first 2.3 s, the same bits."""
    path = clip.with_name("beginning.mkv")
    ffmpeg("-i", f"file:{clip}", "-t", "2.3", "-c", "copy", f"file:{path}")
    return path


# What ffmpeg decodes


def test_each_picture_is_the_newest_at_its_time(clip: Path) -> None:
    found = [(time, tuple(picture[60, 60])) for time, picture in pictures(str(clip), 2, 128, 120)]
    names = ["red", "red", "red", "lime", "lime", "blue", "blue", "blue"]
    assert [time for time, _ in found][:8] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    for (_, colour), name in zip(found, names, strict=False):
        assert np.abs(np.subtract(colour, COLOURS[name], dtype=int)).max() < 8


def test_a_picture_is_taken_from_the_middle(clip: Path) -> None:
    _, picture = next(pictures(str(clip), 1, 64, 32))
    assert picture.shape == (32, 32, 3)


def test_sound_is_of_the_recordings_length(clip: Path) -> None:
    assert sum(len(block) for block in sound(str(clip))) == pytest.approx(4 * SAMPLE_RATE, abs=SAMPLE_RATE // 100)


def test_what_can_not_be_decoded_is_named(clip: Path, tmp_path: Path) -> None:
    broken, silent, blind = tmp_path / "broken.mp4", tmp_path / "silent.mkv", tmp_path / "blind.wav"
    broken.write_bytes(b"no film at all" * 99)
    ffmpeg("-i", f"file:{clip}", "-an", "-c", "copy", silent)
    ffmpeg("-i", f"file:{clip}", "-vn", blind)
    with pytest.raises(BadInput, match=r"broken\.mp4 has no pictures that ffmpeg can read: .*Invalid data"):
        list(pictures(str(broken), 1, 64, 64))
    with pytest.raises(BadInput, match=r"silent\.mkv has no sound that ffmpeg can read: .*matches no streams"):
        list(sound(str(silent)))
    with pytest.raises(BadInput, match="there is no file garden"):
        list(sound("garden"))
    with pytest.raises(BadInput, match=r"blind\.wav has no pictures"):
        list(pictures(str(blind), 1, 64, 64))
    with pytest.raises(BadInput, match="frames a second are none"):
        next(pictures(str(clip), 0, 64, 64))


def test_whoever_has_seen_enough_leaves_no_process(clip: Path) -> None:
    looking = pictures(str(clip), 10, 64, 64)
    next(looking)
    looking.close()


# Sound


def test_a_tone_is_loudest_in_its_own_band(clip: Path) -> None:
    features = extract(find_extractor("log-mel"), str(clip), 2)
    assert features.vectors.shape == (8 - 1, 1, 128)  # the last half second ends with the recording, before its window
    mels = 1127 * np.log1p(np.array([440, 2000]) / 700)
    bands = np.round(mels / (1127 * np.log1p(8000 / 700)) * 129) - 1
    assert abs(int(features.vectors[0, 0].argmax()) - bands[0]) <= 1
    assert abs(int(features.vectors[5, 0].argmax()) - bands[1]) <= 1


def test_mel_filters_are_triangles_that_meet() -> None:
    filters = mel_filters(20, 0.0, 8000.0)
    assert filters.min() == 0
    assert filters.max() <= 1
    inside = filters.sum(0)[10:200]  # each frequency between two peaks belongs to both, by parts of one
    np.testing.assert_allclose(inside, 1.0, atol=1e-12)


@given(st.lists(st.integers(0, 900), max_size=12), st.integers(0, 5))
def test_spectra_do_not_depend_on_the_blocks_that_samples_come_in(lengths: list[int], seed: int) -> None:
    samples = np.random.default_rng(seed).normal(size=sum(lengths)).astype(np.float32)
    blocks = np.split(samples, np.cumsum(lengths))
    filters = mel_filters(16, 0.0, 8000.0)
    found, whole = list(log_mel(blocks, filters, 1e-6)), list(log_mel([samples], filters, 1e-6))
    assert len(found) == len(whole) == max(0, (len(samples) - WINDOW) // HOP + 1)
    assert all(np.array_equal(one, other) for one, other in zip(found, whole, strict=True))


def test_silence_and_a_click_are_numbers(tmp_path: Path) -> None:
    samples = np.zeros(SAMPLE_RATE, dtype=np.float32)
    spectra = list(log_mel([samples], mel_filters(128, 0.0, 8000.0), 1e-6))
    assert np.isfinite(spectra).all()
    assert known_at(len(spectra) - 1) <= 1.0


# Extractors


EXTRACTORS = ("log-mel", "cepstra", "efficientnet-lite0", "efficientnet-lite0:10")


def extractor_named(spec: str) -> Extractor:
    try:
        return find_extractor(spec)
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("spec", EXTRACTORS)
def test_a_vector_is_made_of_what_lies_before_its_time(spec: str, clip: Path, beginning: Path) -> None:
    extractor = extractor_named(spec)
    whole, part = (extract(extractor, str(path), 2) for path in (clip, beginning))
    until = int(np.searchsorted(part.times, 2.2, side="right"))
    assert until >= 3
    np.testing.assert_array_equal(whole.times[:until], part.times[:until])
    np.testing.assert_array_equal(whole.vectors[:until], part.vectors[:until])
    assert whole.vectors.shape[1:] == (extractor.tokens, extractor.size)
    assert len(whole.times) > until


@pytest.mark.parametrize(("picture", "what"), [("flower.jpg", 985), ("china.jpg", 698)])
def test_efficientnet_lite0_sees_a_daisy_and_a_palace(picture: str, what: int) -> None:
    """ImageNet's classes, by the head that the weights bring, of two photographs that scikit-learn brings."""
    images = pytest.importorskip("sklearn.datasets")
    from PIL import Image

    from errata.features.extractors.efficientnet_lite0 import EfficientNetLite0, efficientnet_lite0

    extractor_named("efficientnet-lite0")
    extractor = efficientnet_lite0(1, "")
    image = Image.fromarray(images.load_sample_image(picture))
    image = image.resize((round(image.width * 256 / image.height), 256), Image.Resampling.BICUBIC)
    left = (image.width - 224) // 2
    vector = extractor.of(np.array(image.crop((left, 16, left + 224, 240))))
    network = extractor._look.__self__
    assert isinstance(network, EfficientNetLite0)
    with torch.inference_mode():
        assert int(network.fc(torch.from_numpy(vector)).argmax()) == what


@pytest.mark.slow  # 288 MB of weights
def test_vggish_by_weights_of_its_shape(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="vggish needs weights"):
        find_extractor("vggish")
    torch.manual_seed(0)
    network = VggishNetwork()
    assert sum(weight.numel() for weight in network.parameters()) == 72_141_184  # as published
    torch.save(network.state_dict(), tmp_path / "vggish.pth")
    extractor = find_extractor(f"vggish={tmp_path / 'vggish.pth'}")
    features = extract(extractor, str(clip), 1)
    assert features.vectors.shape == (3, 1, 128)
    assert features.times.tolist() == [1, 2, 3]
    assert extractor.version.startswith("vggish@1-")


@pytest.mark.slow
def test_siglip_from_a_folder(clip: Path, tmp_path: Path) -> None:
    from transformers import SiglipVisionConfig, SiglipVisionModel

    small = SiglipVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=64, patch_size=8
    )
    SiglipVisionModel(small).save_pretrained(tmp_path)
    features = extract(find_extractor(f"siglip:10={tmp_path}"), str(clip), 1)
    assert features.vectors.shape == (4, 10, 16)
    with pytest.raises(Unavailable, match="fetch them"):
        find_extractor("siglip=nobody/has-this")


def test_resnet50_says_what_it_lacks() -> None:
    if importlib.util.find_spec("torchvision") is None:
        with pytest.raises(Unavailable, match="torchvision"):
            find_extractor("resnet50")
    else:
        with pytest.raises((Unavailable, BadInput), match="resnet50"):
            find_extractor("resnet50=nowhere.pth")


def test_weights_hold_tensors_and_nothing_else(tmp_path: Path) -> None:
    torch.save({"fc.weight": Path("x")}, tmp_path / "harmful.pth")
    with pytest.raises(BadInput, match="can't be loaded"):
        load_weights(torch.nn.Linear(2, 2), str(tmp_path / "harmful.pth"))
    torch.save({"weight": torch.zeros(3, 3)}, tmp_path / "other.pth")
    with pytest.raises(BadInput, match=r"other\.pth can't be loaded .*size mismatch"):
        load_weights(torch.nn.Linear(2, 2), str(tmp_path / "other.pth"))


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("efficientnet", "there is no extractor 'efficientnet'.*do you mean efficientnet-lite0"),
        ("log-mel:10", "a vector of log-mel takes 1 place"),
        ("efficientnet-lite0:4", "takes 1 place, or 10"),
        ("vggish=/nowhere.pth", "there are no weights at /nowhere.pth"),
    ],
)
def test_an_extractor_that_there_is_not(spec: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        find_extractor(spec)


# The store


def some_features(times: Sequence[float] = (0.5, 1.0, 1.5, 2.0)) -> Features:
    vectors = np.arange(len(times) * 6, dtype=np.float16).reshape(len(times), 2, 3)
    return Features(vectors, np.array(times))


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    store, key = FeatureStore(tmp_path), feature_key("a" * 64, "log-mel@1", 2)
    assert key not in store
    path = store.write(key, some_features(), "log-mel@1")
    assert key in store
    assert list(store.keys()) == [key]
    found = FeatureStore(tmp_path).read(key)
    np.testing.assert_array_equal(found.vectors, some_features().vectors)
    np.testing.assert_array_equal(found.times, some_features().times)
    np.testing.assert_array_equal(store.take(key, 1, 2), some_features().vectors[1:3])
    with pytest.raises(BadInput, match=r"vectors 3 to 5 of .* are wanted, and it has 4"):
        store.take(key, 3, 2)
    before = path.read_bytes()
    store.write(key, some_features((9.0,)), "log-mel@1")
    assert path.read_bytes() == before


def test_a_key_is_of_recording_extractor_and_rate() -> None:
    keys = {
        feature_key(recording, extractor, rate)
        for recording in ("a", "b")
        for extractor in ("x@1", "x@2")
        for rate in (1, 2.0)
    }
    assert len(keys) == 8
    assert feature_key("a", "x@1", 1) == feature_key("a", "x@1", 1.0)


def test_a_flipped_bit_and_a_torn_file_are_noticed(tmp_path: Path) -> None:
    store, key = FeatureStore(tmp_path), feature_key("a", "x@1", 1)
    path = store.write(key, some_features(), "x@1")
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.write_bytes(data)
    with pytest.raises(NotFound, match="were changed after they were written"):
        FeatureStore(tmp_path).read(key)
    path.write_bytes(data[:-9])
    with pytest.raises(NotFound, match="extract them again"):
        FeatureStore(tmp_path).read(key)
    path.with_name("half.123.partial").write_bytes(b"")
    path.unlink()
    assert list(store.keys()) == []
    with pytest.raises(BadInput, match="are no numbers"):
        store.write(key, Features(np.full((1, 1, 2), np.nan, dtype=np.float16), np.array([1.0])), "x@1")


def test_vectors_between_times_and_their_means() -> None:
    features = some_features()
    assert features.between(0.5, 1.5) == range(1, 3)
    assert features.between(3, 9) == range(4, 4)
    snippets = features.averaged([0.0, 1.0, 2.0])
    assert snippets.times.tolist() == [1.0, 2.0]
    np.testing.assert_array_equal(snippets.vectors[0], features.vectors[:2].mean(axis=0))
    with pytest.raises(BadInput, match="no vector between 2 and 3 s"):
        features.averaged([0.0, 2.0, 3.0])


# The command


def test_the_command_keeps_features_and_says_what_it_could_not_read(clip: Path, laid_out: Path, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(laid_out, root, symlinks=True)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    done = in_this_process("features", clip, broken, "--by", "cepstra", "--rate", "2", "-w", root, check=False)
    assert done.returncode == 2
    assert "not read" in done.stdout
    assert "broken.mp4" in done.stdout
    assert len(list(FeatureStore(root / "features").keys())) == 1
    again = in_this_process("features", clip, "--by", "cepstra", "--rate", "2", "-w", root)
    assert "there already" in again.stdout
