# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Files are there as a whole or not at all."""

import os
import sys
from pathlib import Path

import pytest

from opskit.files import write_whole

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="permissions as POSIX has them")


def test_it_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.prom"
    write_whole(path, "one\n")
    write_whole(path, "zwei: ü\n")
    assert path.read_bytes() == "zwei: ü\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@posix_only
def test_others_may_read_it_unless_they_could_not_before(tmp_path: Path) -> None:
    path = tmp_path / "report.prom"
    before = os.umask(0o022)
    try:
        write_whole(path, "one")
        assert path.stat().st_mode & 0o777 == 0o644
        path.chmod(0o640)
        write_whole(path, "two")
        assert path.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


@posix_only
def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


@posix_only
def test_no_device_is_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="no ordinary file"):
        write_whole(tmp_path / "fifo", "text")
    assert list(tmp_path.iterdir()) == [tmp_path / "fifo"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_whole(path, "whole")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half\ud800")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, "text")
    with pytest.raises(OSError, match=r"report\.html"):
        write_whole(path / "below a file", "text")
