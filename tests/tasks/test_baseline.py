"""The networks that a task brings to measure a searched one against."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

from nasframe.tasks import Baseline, baseline_records


def test_a_record_says_whether_there_is_a_single_stream_whatever_it_is_called() -> None:
    given = {"left": Baseline(nn.Identity, single_stream=True), "not alone": Baseline(nn.Identity)}
    assert baseline_records(given) == given


def test_a_plain_function_is_a_baseline_and_one_called_alone_a_single_stream() -> None:
    functions: dict[str, Callable[[], nn.Module]] = {"left alone": nn.Identity, "both": nn.Identity}
    with pytest.warns(FutureWarning, match=r"'left alone'.*`Baseline\(make, single_stream=True\)`") as said:
        records = baseline_records(functions)
    assert len(said) == 1
    assert records == {
        "left alone": Baseline(nn.Identity, single_stream=True),
        "both": Baseline(nn.Identity, single_stream=False),
    }


def test_a_function_called_alone_is_warned_of_once_for_all_callers() -> None:
    code = "def records(): return baseline_records({'left alone': nn.Identity})\n"
    module = importlib.import_module("nasframe.tasks.baseline")
    vars(module).get("__warningregistry__", {}).clear()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        for caller in ("one.py", "other.py"):
            made: dict[str, Any] = {"baseline_records": baseline_records, "nn": nn}
            exec(compile(code, caller, "exec"), made)
            made["records"]()
    assert len(said) == 1
