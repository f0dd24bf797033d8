"""The loop that docs/loops.md shows keeps its contract, and is found by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nasframe import Choice, SearchProblem, SearchSpace, load_plugin, manager
from nasframe.searching import Evolution, RandomSearch, SuccessiveHalving, check_proposal_loop

GUIDE = (Path(__file__).parents[2] / "docs" / "loops.md").read_text(encoding="utf-8")


@pytest.fixture
def climbing(tmp_path: Path) -> Iterator[None]:
    (text,) = re.findall(r"```python\n# climbing\.py\n(.*?)```", GUIDE, flags=re.S)
    file = tmp_path / "climbing.py"
    file.write_text(text, encoding="utf-8")
    load_plugin(file)
    yield
    manager().unregister("climbing")


def test_the_loop_of_the_guide_keeps_its_contract(climbing: None) -> None:
    space = SearchSpace("sum")
    space.add_node("sum", "identity")
    for index in range(4):
        space.add_input(f"x{index}", (3,))
        space.connect(f"x{index}", "sum", choice=Choice(f"e{index}", ("zero", "identity"), "alpha"))
    space.set_output("sum")
    loop = manager().find("loop", "climbing").load()(trials=12)
    check_proposal_loop(loop, SearchProblem(space, 5), rounds=None)


@pytest.mark.parametrize("kind", [RandomSearch, Evolution, SuccessiveHalving])
def test_the_guide_names_every_option_of_the_core_loops(kind: type) -> None:
    import attrs

    for item in attrs.fields(kind):
        assert f"`{item.name}`" in GUIDE or f"loop.{item.name}" in GUIDE
