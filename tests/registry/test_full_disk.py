"""A disk that is full at any file of an export leaves whole models or none, says so, and is mended by the next run."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from benchmarks import full_disk
from errata.errors import Unavailable
from registry.export.build import check_room


@pytest.mark.slow
def test_a_full_disk_at_some_files_of_the_server_s_export_and_of_the_copies() -> None:
    """At every file, with the device's export: `python -m benchmarks.full_disk`."""
    try:
        found = full_disk.run(pages=512, files=5, device=False)
    except Unavailable as problem:
        if str(problem) != full_disk.NO_NAMESPACES:
            raise
        pytest.skip(str(problem))
    assert [series.faults for series in found] == [[], [], [], []]
    assert all(series.failures for series in found)


def test_a_builder_that_finds_the_disk_full_made_no_export_that_can_t_be_made(tmp_path: Path) -> None:
    with pytest.raises(OSError) as full:
        check_room("OSError: [Errno 28] No space left on device: 'model.onnx.data'", tmp_path)
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, str(tmp_path))
    check_room("ValueError: no such architecture", tmp_path)
