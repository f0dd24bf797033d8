from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nasframe.errors import DataError
from nasframe_audiovisual import RowWriter, open_rows


@pytest.mark.parametrize("rows", [1, 9, 10, 1000])
def test_what_was_written_row_by_row_is_one_array(tmp_path: Path, rows: int) -> None:
    values = np.random.default_rng(0).normal(size=(rows, 3, 5)).astype(np.float32)
    with RowWriter(tmp_path / "a.npy", "float32") as writer:
        assert [writer.append(row) for row in values] == list(range(rows))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), values)


def test_an_opened_array_is_mapped_and_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 2), np.float32))
    assert isinstance(open_rows(tmp_path / "a.npy"), np.memmap)


def test_a_row_of_another_shape_is_refused(tmp_path: Path) -> None:
    with RowWriter(tmp_path / "a.npy", "uint8") as writer:
        writer.append(np.zeros(3))
        with pytest.raises(ValueError, match=r"expected a row of shape \(3,\), found \(4,\)"):
            writer.append(np.zeros(4))


def test_a_missing_or_damaged_array_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "text.npy").write_text("no array")
    for name in ("text.npy", "nowhere.npy"):
        with pytest.raises(DataError, match=name):
            open_rows(tmp_path / name)
