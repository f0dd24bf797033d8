"""An executor that can do no trial says so before the data of a study is prepared, and not where none is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from attrs import define

import nasframe
from nasframe.errors import ContractError, RunError
from nasframe.options import option
from nasframe.plugins import hookimpl, manager
from tests.comparing import tree
from tests.testing.plugins.executors import OneByOne
from tests.toys import STREAMS

pytestmark = pytest.mark.usefixtures("home", "toy_streams")


@define(kw_only=True)
class Elsewhere(OneByOne):
    """Trials on a cluster that may not be there."""

    elsewhere: ClassVar[bool] = True
    answer: ClassVar[Exception | None] = None
    asked: ClassVar[list[tuple[Any, ...]]] = []

    address: str | None = option(None, help="of the cluster")

    @classmethod
    def check(cls, device: str | None, **options: Any) -> None:
        cls.asked.append((device, options))
        if cls.answer is not None:
            raise cls.answer


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    Elsewhere.answer = None
    Elsewhere.asked.clear()
    manager().register(SimpleNamespace(register_executors=hookimpl(lambda: {"there": Elsewhere})), "there")
    yield
    manager().unregister("there")


def sweep(tmp_path: Path, examples: str, *, study: str = "study", overwrite: bool = False) -> dict[str, Any]:
    return nasframe.sweep(
        STREAMS,
        [f"task.examples={examples}"],
        overrides=[f"cache={tmp_path / 'cache'}", "search.epochs=1", "search.min_epochs=1", "train.epochs=1"],
        seeds=1,
        out=tmp_path / study,
        executor="there",
        executor_options={"address": "10.0.0.1:1"},
        overwrite=overwrite,
    )


def stages(tmp_path: Path) -> int:
    return len(list((tmp_path / "cache").glob("*")))


def test_it_is_asked_once_with_the_device_and_the_options_of_the_user(tmp_path: Path) -> None:
    sweep(tmp_path, "60,80")
    assert Elsewhere.asked == [("cpu", {"address": "10.0.0.1:1"})]
    assert stages(tmp_path) == 2


def test_where_it_refuses_no_data_is_prepared_and_nothing_is_left(tmp_path: Path) -> None:
    Elsewhere.answer = RunError("no cluster answers there")
    with pytest.raises(RunError, match="no cluster answers there"):
        sweep(tmp_path, "60,80")
    assert list(tmp_path.iterdir()) == []


def test_a_study_that_grows_asks_before_it_prepares_more(tmp_path: Path) -> None:
    sweep(tmp_path, "60")
    Elsewhere.answer = RunError("no cluster answers there")
    with pytest.raises(RunError, match="no cluster answers there"):
        sweep(tmp_path, "60,80")
    assert stages(tmp_path) == 1
    assert (tmp_path / "study" / "sweep.json").is_file()


def test_a_study_without_a_trial_left_needs_no_cluster(tmp_path: Path) -> None:
    first = sweep(tmp_path, "60")
    Elsewhere.answer = RunError("no cluster answers there")
    assert sweep(tmp_path, "60") == first
    assert len(Elsewhere.asked) == 1


def test_a_study_is_not_replaced_by_one_that_cannot_begin(tmp_path: Path) -> None:
    sweep(tmp_path, "60")
    before = tree(tmp_path / "study")
    Elsewhere.answer = RunError("no cluster answers there")
    with pytest.raises(RunError, match="no cluster answers there"):
        sweep(tmp_path, "60", overwrite=True)
    assert tree(tmp_path / "study") == before


def test_where_the_data_is_there_already_nothing_is_left_either(tmp_path: Path) -> None:
    sweep(tmp_path, "60")
    Elsewhere.answer = RunError("no cluster answers there")
    with pytest.raises(RunError, match="no cluster answers there"):
        sweep(tmp_path, "60", study="another")
    assert not (tmp_path / "another").exists()


def test_one_that_fails_to_answer_breaks_its_contract(tmp_path: Path) -> None:
    Elsewhere.answer = KeyError("cheese")
    with pytest.raises(ContractError, match=r"check\(device, \*\*options\) .* it raised KeyError: 'cheese'"):
        sweep(tmp_path, "60")
    assert list(tmp_path.iterdir()) == []
