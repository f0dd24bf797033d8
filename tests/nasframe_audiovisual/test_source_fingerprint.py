"""The fingerprint of a data folder: of every file, also behind links, whatever its name."""

from __future__ import annotations

import importlib
import os
import shutil
import time
from pathlib import Path

import pytest

from nasframe.errors import DataError
from nasframe_audiovisual import BackboneTraining, describe_source, files_of, same_contents, training_inputs


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


@pytest.mark.parametrize("name", ["clip.mp4", "clip.wav", "data.bin"])
def test_every_byte_of_a_long_file_counts(root: Path, name: str) -> None:
    content = bytearray(1_000_000)
    (root / name).write_bytes(content)
    found = [describe_source(root)["listing"]]
    for place in (16_384, 70_001, 250_000, 500_000, 777_777, 999_998):
        content[place] = 1
        (root / name).write_bytes(content)
        found.append(describe_source(root)["listing"])
    content[300_000:370_000] = b"\1" * 70_000
    (root / name).write_bytes(content)
    found.append(describe_source(root)["listing"])
    assert len({*found}) == len(found)


@pytest.mark.parametrize("age", [0, 100])
def test_a_change_that_keeps_size_and_time_is_a_change(root: Path, age: float) -> None:
    clip = root / "clip.mp4"
    clip.write_bytes(b"a" * 200_000)
    then = time.time() - age
    os.utime(clip, (then, then))
    before = describe_source(root)
    assert describe_source(root) == before
    with clip.open("r+b") as file:
        file.write(b"b")
    os.utime(clip, (then, then))
    assert describe_source(root) != before


def test_a_file_that_has_settled_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("nasframe_audiovisual.storage.source_fingerprint")
    read: list[Path] = []
    usual = module._read
    monkeypatch.setattr(module, "_read", lambda path: read.append(path) or usual(path))
    monkeypatch.setattr(module, "_SETTLED", -1e9)
    before = describe_source(root)
    assert describe_source(root) == before
    assert len(read) == 2  # two files, each once


def test_the_description_counts_files_and_bytes(root: Path) -> None:
    (root / "clip.mp4").write_bytes(bytes(1234))
    found = describe_source(root)
    assert (found["files"], found["bytes"]) == (3, 1234)


def test_weights_to_start_from_count_by_their_content_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    first.write_bytes(bytes(200_000))
    shutil.copy2(first, second)

    def key(path: Path) -> object:
        return training_inputs(BackboneTraining("resnet10t", path, 1, 1, 2, 1e-3, 0))["pretrained"]

    assert key(first) == key(second)
    status = second.stat()
    with second.open("r+b") as file:
        file.seek(123_456)
        file.write(b"x")
    os.utime(second, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert key(first) != key(second)


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


def test_files_of_the_same_bytes_are_found_whatever_their_names(tmp_path: Path) -> None:
    contents = {"b": b"one", "a": b"one", "c": b"two", "d": b"longer", "e": b"", "f": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to("d")
    names = [*contents, "link", "nowhere"]
    assert same_contents(tmp_path, names) == {
        **{name: name for name in names},
        "b": "a",
        "link": "d",
    }


def test_only_files_of_one_size_are_read_to_compare_them_and_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("nasframe_audiovisual.storage.source_fingerprint")
    read, original = [], module._read
    monkeypatch.setattr(module, "_read", lambda path: read.append(path.name) or original(path))
    for name, content in {"a": b"one", "b": b"two", "c": b"longer", "d": b"one"}.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(module, "_SETTLED", -1.0)
    found = same_contents(tmp_path, ["d", "c", "b", "a"])
    assert sorted(read) == ["a", "b", "d"]
    assert found == {"a": "a", "b": "b", "c": "c", "d": "a"}
    describe_source(tmp_path)
    assert sorted(read) == ["a", "b", "c", "d"]
