"""A table of the toy pairs, written once; tests read it and leave it as it is."""

from __future__ import annotations

import pytest

from nasframe.tables import TabularBenchmark
from tests.tables.synthetic import table_at


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory, toy_pairs: None) -> TabularBenchmark:
    return table_at(tmp_path_factory.mktemp("table") / "pairs-table")
