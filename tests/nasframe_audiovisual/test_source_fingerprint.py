"""The fingerprint of a data folder: of every file, also behind links, whatever its name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from nasframe.errors import DataError
from nasframe_audiovisual import describe_source, files_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one file, and a link to another folder with one file."""
    for name in ("disk", "root"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"on_{name}").touch()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "disk")
    return tmp_path / "root"


def test_files_behind_a_link_are_found_under_the_name_of_the_link(root: Path) -> None:
    assert list(files_of(root)) == ["link/on_disk", "on_root"]


def test_two_links_to_one_folder_are_two_folders(root: Path) -> None:
    (root / "other").symlink_to(root / "link")
    assert list(files_of(root)) == ["link/on_disk", "on_root", "other/on_disk"]


def test_links_that_lead_back_end(root: Path) -> None:
    (root / "up").symlink_to("..")
    (root / "self").symlink_to("self")
    (root / "link" / "back").symlink_to(root)
    assert list(files_of(root)) == ["link/on_disk", "on_root", "self", "up/disk/on_disk"]


def test_a_change_behind_a_link_is_a_change_of_the_source(root: Path) -> None:
    before = describe_source(root)
    assert describe_source(root) == before
    (root / "link" / "on_disk").write_text("more")
    assert describe_source(root) != before


def test_a_copy_is_the_same_source_and_a_file_of_the_same_size_is_not(root: Path, tmp_path: Path) -> None:
    clip = root / "clip.mp4"
    clip.write_bytes(bytes(100_000))
    before = describe_source(root)
    shutil.copytree(root, tmp_path / "copy")
    os.utime(tmp_path / "copy" / "clip.mp4", (0, 0))
    assert describe_source(tmp_path / "copy") == before
    for place in (0, 50_000, 99_999):
        content = bytearray(100_000)
        content[place] = 1
        clip.write_bytes(content)
        assert describe_source(root) != before


def test_a_changed_row_in_the_middle_of_a_long_table_is_a_change(root: Path) -> None:
    table = root / "meta_data.csv"
    lines = [f"id{number:05d},real\n" for number in range(100_000)]
    table.write_text("".join(lines))
    before = describe_source(root)
    lines[50_000] = lines[50_000].replace("real", "rtvc")
    table.write_text("".join(lines))
    assert describe_source(root) != before


def test_names_that_are_no_utf8_count_as_different(root: Path) -> None:
    found = []
    for name in (b"a\xff", b"a\xfe"):
        path = root / os.fsdecode(name)
        path.touch()
        os.utime(path, (0, 0))
        found.append(describe_source(root))
        path.unlink()
    assert found[0] != found[1]


def test_a_source_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist"):
        describe_source(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is empty"):
        describe_source(tmp_path)


def test_links_that_double_with_every_level_are_refused(tmp_path: Path) -> None:
    (tmp_path / "14").mkdir()
    for level in range(14):
        (tmp_path / str(level)).mkdir()
        for name in ("a", "b"):
            (tmp_path / str(level) / name).symlink_to(tmp_path / str(level + 1))
    with pytest.raises(DataError, match="links lead to this folder by more than 100 paths"):
        list(files_of(tmp_path / "0"))
    with pytest.raises(DataError, match="links lead to this folder by more than 100 paths"):
        describe_source(tmp_path / "0")


def test_a_pipe_in_a_data_folder_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_bytes(b"1")
    (tmp_path / "c.mp4").symlink_to("/dev/zero")
    assert list(files_of(tmp_path)) == ["b.mp4"]
    assert describe_source(tmp_path)["files"] == 1
