"""The networks that a task brings to measure a searched one against."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from nasframe.tasks import Baseline, baseline_records


def test_a_record_says_whether_there_is_a_single_stream_whatever_it_is_called() -> None:
    given = {"left": Baseline(nn.Identity, single_stream=True), "not alone": Baseline(nn.Identity)}
    assert baseline_records(given) == given


def test_a_plain_function_is_a_baseline_and_one_called_alone_a_single_stream() -> None:
    functions: dict[str, Callable[[], nn.Module]] = {"left alone": nn.Identity, "both": nn.Identity}
    assert baseline_records(functions) == {
        "left alone": Baseline(nn.Identity, single_stream=True),
        "both": Baseline(nn.Identity, single_stream=False),
    }
