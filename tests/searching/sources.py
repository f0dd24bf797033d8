"""A space of one choice, among its inputs: the smallest in which architectures can be ranked."""

from __future__ import annotations

from nasframe import SearchSpace


def one_of(count: int) -> SearchSpace:
    """The choice `n.x` of one of the inputs `i0`, `i1`, …, each of which is another network."""
    made = SearchSpace("sources")
    names = [made.add_input(f"i{number}", (2, 3)) for number in range(count)]
    made.add_node("n", "identity", ports=("x",))
    for name in names:
        made.connect(name, "n", "x")
    made.choose_source("n", "x", "n.x", "alpha")
    made.set_output("n")
    return made
