"""An executor that can do no trial says so before the data of a study is prepared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from attrs import define

import nasframe
from nasframe.errors import RunError
from nasframe.options import option
from nasframe.plugins import hookimpl, manager
from tests.testing.plugins.executors import OneByOne
from tests.toys import PAIRS

pytestmark = pytest.mark.usefixtures("home", "toy_pairs")


@define(kw_only=True)
class Elsewhere(OneByOne):
    """Trials on a cluster that may not be there."""

    elsewhere: ClassVar[bool] = True
    answers: ClassVar[bool] = True
    asked: ClassVar[list[tuple[Any, ...]]] = []

    address: str | None = option(None, help="of the cluster")

    @classmethod
    def check(cls, device: str | None, **options: Any) -> None:
        cls.asked.append((device, options))
        if not cls.answers:
            raise RunError("no cluster answers there")


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    Elsewhere.answers = True
    Elsewhere.asked.clear()
    manager().register(SimpleNamespace(register_executors=hookimpl(lambda: {"there": Elsewhere})), "there")
    yield
    manager().unregister("there")


def compare(tmp_path: Path, **given: Any) -> dict[str, Any]:
    return nasframe.compare(
        PAIRS,
        overrides=[f"cache={tmp_path / 'cache'}", "search.epochs=1", "train.epochs=1"],
        relaxations=["softmax"],
        random=0,
        out=tmp_path / "study",
        executor="there",
        executor_options={"address": "10.0.0.1:1"},
        **given,
    )


def test_it_is_asked_with_the_device_and_the_options_of_the_user(tmp_path: Path) -> None:
    compare(tmp_path, seeds=1)
    assert Elsewhere.asked == [("cpu", {"address": "10.0.0.1:1"})]


def test_where_it_refuses_no_data_is_prepared_and_nothing_is_left(tmp_path: Path) -> None:
    Elsewhere.answers = False
    with pytest.raises(RunError, match="no cluster answers there"):
        compare(tmp_path, seeds=1)
    assert list(tmp_path.iterdir()) == []


def test_a_study_that_has_ended_asks_for_no_trial_and_needs_no_cluster(tmp_path: Path) -> None:
    first = compare(tmp_path, seeds=1)
    Elsewhere.answers = False
    assert compare(tmp_path, seeds=1)["variants"] == first["variants"]
    assert len(Elsewhere.asked) == 1
