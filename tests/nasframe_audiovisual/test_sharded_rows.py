"""The rows of several files, read like one array."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from nasframe.errors import DataError
from nasframe_audiovisual import open_streams

COUNTS = [3, 0, 5, 1]
VALUES = np.random.default_rng(0).normal(size=(9, 4, 2)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nine rows in four shards, of which one has none."""
    first = 0
    for number, count in enumerate(COUNTS):
        if count:
            np.save(tmp_path / f"sounds-{number:05}.npy", VALUES[first : first + count])
        first += count
    (tmp_path / "streams.json").write_text(json.dumps({"sounds": COUNTS}))
    return tmp_path


def test_rows_are_numbered_through_all_files(folder: Path) -> None:
    rows = open_streams(folder, "sounds")
    assert (len(rows), rows.shape) == (9, (9, 4, 2))
    order = torch.tensor([8, 0, 2, 3, 7, 3])
    np.testing.assert_array_equal(rows[order], VALUES[order])
    assert tuple(rows[torch.tensor([], dtype=torch.long)].shape) == (0, 4, 2)


def test_parts_of_rows_are_chosen_for_each(folder: Path) -> None:
    order, parts = torch.tensor([7, 2, 3]), torch.tensor([[0, 3], [1, 1], [2, 0]])
    found = open_streams(folder, "sounds").chosen(order, parts)
    np.testing.assert_array_equal(found, VALUES[order[:, None], parts])


@pytest.mark.parametrize("size", [1, 2, 4, 9, 100])
def test_batches_do_not_end_where_a_file_does(folder: Path, size: int) -> None:
    batches = [*open_streams(folder, "sounds").batches(size)]
    assert {len(batch) for batch in batches[:-1]} <= {size}
    np.testing.assert_array_equal(torch.cat(batches), VALUES)


def test_a_row_is_named_by_its_file_and_its_place_there(folder: Path) -> None:
    rows = open_streams(folder, "sounds")
    places = [rows.place(row) for row in (0, 2, 3, 7, 8)]
    assert [(path.name[:-4], row) for path, row in places] == [
        ("sounds-00000", 0),
        ("sounds-00000", 2),
        ("sounds-00002", 0),
        ("sounds-00002", 4),
        ("sounds-00003", 0),
    ]
    with pytest.raises(DataError, match="has 9 rows, and none of number 9"):
        rows[torch.tensor([9])]
    with pytest.raises(DataError, match="has 9 rows, and none of number -1"):
        rows[torch.tensor([-1])]


def test_a_number_that_is_not_finite_is_found_in_its_file(folder: Path) -> None:
    open_streams(folder, "sounds").require_finite()
    values = np.load(folder / "sounds-00002.npy")
    values[4, 1, 1] = np.inf
    np.save(folder / "sounds-00002.npy", values)
    with pytest.raises(DataError, match=r"sounds-00002\.npy: row 4 holds numbers that are not finite"):
        open_streams(folder, "sounds").require_finite()


def test_one_array_as_older_versions_wrote_it_is_read_too(tmp_path: Path) -> None:
    np.save(tmp_path / "sounds.npy", VALUES)
    rows = open_streams(tmp_path, "sounds")
    np.testing.assert_array_equal(rows[torch.arange(9)], VALUES)


def test_files_that_do_not_fit_the_list_are_named(folder: Path) -> None:
    with pytest.raises(DataError, match=r"streams\.json: has no pictures"):
        open_streams(folder, "pictures")
    np.save(folder / "sounds-00002.npy", VALUES[:4])
    with pytest.raises(DataError, match=r"sounds-00002\.npy: expected 5 rows, .* found an array \(4, 4, 2\)"):
        open_streams(folder, "sounds")
    (folder / "sounds-00002.npy").unlink()
    with pytest.raises(DataError, match=r"sounds-00002\.npy: .*no such file"):
        open_streams(folder, "sounds")
    (folder / "streams.json").unlink()
    with pytest.raises(DataError, match=r"sounds\.npy"):
        open_streams(folder, "sounds")
