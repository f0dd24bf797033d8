"""Variants of an experiment, also the points of a sweep: planned, made as runs, read, put in rows."""

from __future__ import annotations

from nasframe.studies.variants.choice import chosen
from nasframe.studies.variants.making_variants import make_variants
from nasframe.studies.variants.metrics import measured, metrics_of, number_of
from nasframe.studies.variants.rows import Row, mean_json, row_json, variant_rows
from nasframe.studies.variants.runs import make_runs
from nasframe.studies.variants.variant import PlannedRun, Variant

__all__ = [
    "PlannedRun",
    "Row",
    "Variant",
    "chosen",
    "make_runs",
    "make_variants",
    "mean_json",
    "measured",
    "metrics_of",
    "number_of",
    "row_json",
    "variant_rows",
]
