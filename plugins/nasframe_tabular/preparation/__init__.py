"""From tables and arrays to four files, one a split: places in the splits, standardised features, stages."""

from __future__ import annotations

from nasframe_tabular.preparation.arrays import load_arrays, read_number_table
from nasframe_tabular.preparation.parts import check_shares, stratified_parts
from nasframe_tabular.preparation.split_files import read_split, write_split
from nasframe_tabular.preparation.stages import FETCH, PREPARE, fetch_stage, prepare_stage
from nasframe_tabular.preparation.standardising import Standardiser

__all__ = [
    "FETCH",
    "PREPARE",
    "Standardiser",
    "check_shares",
    "fetch_stage",
    "load_arrays",
    "prepare_stage",
    "read_number_table",
    "read_split",
    "stratified_parts",
    "write_split",
]
